/**
 * Where entries are kept: each at once in the browser's storage under its own key, so that tabs
 * never write over each other; and, where the page is served, in the file beside the medium.
 */

import { inOrder, isEntry } from "./verdicts.js";
import { say } from "./words.js";

const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const POLL_MS = 5000;

export class Keeping {
  /**
   * @param data What the page was told.
   * @param onEntries Called after entries came from elsewhere.
   * @param onState Called with what to say of the keeping, and whether it is a fault.
   */
  constructor(data, onEntries, onState) {
    this.prefix = `tag-overlay/${data.fingerprint}/`;
    this.server = data.server ?? null;
    this.onEntries = onEntries;
    this.onState = onState;
    this.entries = new Map();
    this.waiting = new Map();
    this.failures = 0;
    this.tag = "";
    this.version = 0;
    this.take((data.verdicts ?? []).filter(isEntry));
    this.take(this.stored());
    addEventListener("storage", (event) => this.heard(event));
    addEventListener("visibilitychange", () => this.take(this.stored()) && this.onEntries());
    if (this.server) this.startServer();
    else this.say("savedBrowser");
  }

  /** All entries of a reviewer, in order. */
  of(reviewer) {
    return inOrder([...this.entries.values()].filter((entry) => entry.reviewer === reviewer));
  }

  reviewers() {
    return [...new Set([...this.entries.values()].map((entry) => entry.reviewer))].sort();
  }

  /** Keep new entries; returns how many were not known. */
  add(entries) {
    const fresh = entries.filter((entry) => isEntry(entry) && !this.entries.has(entry.id));
    this.take(fresh);
    let full = false;
    for (const entry of fresh) full = !this.store(entry) || full;
    if (full) this.say("storageFull", {}, true);
    if (this.server && fresh.length) {
      for (const entry of fresh) this.waiting.set(entry.id, entry);
      this.send();
    }
    return fresh.length;
  }

  take(entries) {
    const before = this.entries.size;
    for (const entry of entries) {
      if (!this.entries.has(entry.id)) this.entries.set(entry.id, { reviewer: "", ...entry });
    }
    if (this.entries.size > before) this.version += 1;
    return this.entries.size - before;
  }

  store(entry) {
    try {
      localStorage.setItem(this.prefix + entry.id, JSON.stringify(entry));
      return true;
    } catch {
      return false;
    }
  }

  stored() {
    const found = [];
    try {
      for (let i = 0; i < localStorage.length; i += 1) {
        const key = localStorage.key(i);
        if (key.startsWith(this.prefix)) found.push(parsed(localStorage.getItem(key)));
      }
    } catch {
      return [];
    }
    return found.filter(isEntry);
  }

  /** Another tab has stored something. */
  heard(event) {
    if (!event.key?.startsWith(this.prefix) || event.newValue === null) return;
    const entry = parsed(event.newValue);
    if (isEntry(entry) && this.take([entry])) this.onEntries();
  }

  say(key, values = {}, fault = false) {
    this.onState(say(key, values), fault);
  }

  startServer() {
    const look = () => document.hidden || this.poll().then(() => this.send());
    look();
    setInterval(look, POLL_MS);
    addEventListener("visibilitychange", look);
  }

  /** Ask the server for what others have said, and note what it lacks. */
  async poll() {
    try {
      const answer = await fetch(this.server, { headers: this.tag ? { "If-None-Match": this.tag } : {} });
      if (answer.status === 304) return;
      if (!answer.ok) throw new Error(String(answer.status));
      this.tag = answer.headers.get("ETag") ?? "";
      const theirs = (await answer.json()).entries.filter(isEntry);
      const known = new Set(theirs.map((entry) => entry.id));
      for (const entry of this.entries.values()) {
        if (!known.has(entry.id)) this.waiting.set(entry.id, entry);
      }
      for (const entry of theirs) this.store(entry);
      if (this.take(theirs)) this.onEntries();
      if (!this.waiting.size) this.say("savedServer");
    } catch {
      this.say("serverGone", {}, true);
    }
  }

  /** Send what waits, one request at a time; what fails is sent again. */
  async send() {
    if (this.sending || !this.waiting.size) return;
    this.sending = true;
    const entries = [...this.waiting.values()];
    this.say("saving");
    try {
      const answer = await fetch(this.server, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ entries }),
      });
      if (!answer.ok) {
        this.say("serverRefused", { why: (await answer.text()).slice(0, 200) }, true);
        throw new Error(String(answer.status));
      }
      for (const entry of entries) this.waiting.delete(entry.id);
      this.failures = 0;
      if (!this.waiting.size) this.say("savedServer");
    } catch (error) {
      if (error instanceof TypeError) this.say("serverGone", {}, true);
      this.failures += 1;
    }
    this.sending = false;
    if (this.waiting.size) {
      const pause = this.failures ? RETRY_MS[Math.min(this.failures, RETRY_MS.length) - 1] : 0;
      setTimeout(() => this.send(), pause);
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The file of all entries, as the program reads it. */
export function verdictFile(data, entries) {
  const { name, fingerprint, duration_s, model, vocabulary } = data;
  const media = { name, fingerprint, duration_s, model, vocabulary };
  const file = { format: "tag-overlay verdicts", version: 1, media, entries: inOrder(entries) };
  return `${JSON.stringify(file, null, 1)}\n`;
}

/** The entries of a file's text; `null` if it is no such file. */
export function readVerdictFile(text) {
  const file = parsed(text);
  if (file?.format !== "tag-overlay verdicts" || !Array.isArray(file.entries)) return null;
  return { media: file.media ?? {}, entries: file.entries.filter(isEntry) };
}
