/**
 * Entries are only ever added; what holds is a fold over them, per reviewer, in order of `at`, then
 * `id`. So the union of two files, tabs or reviewers by `id` loses nothing.
 *
 * Entries of one `at` were made at one stroke, such as "all of this label": they are undone together.
 */

export const ACTIONS = ["judge", "edit", "add", "merge", "comment", "undo"];
export const VERDICTS = ["right", "wrong", "unsure"];

/** A random name; crypto.randomUUID needs a secure context, this does not. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Now, but later than everything that was said before, though clocks go wrong. */
export function laterThan(entries) {
  const last = entries.length ? Date.parse(entries[entries.length - 1].at) : 0;
  return new Date(Math.max(Date.now(), last + 1)).toISOString();
}

export function inOrder(entries) {
  const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  return [...entries].sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id));
}

const AT = /^[0-8]\d{3}(-\d{2}){2}T\d{2}(:\d{2}){2}\.\d{3}Z$/;
const MOST_S = 366 * 24 * 3600;
const MOST_TEXT = 4000;

/** Halves of letters, which no file can hold. */
const NO_LETTER = /\p{Cs}/gu;

/** What a person has typed, as a file can hold it. */
export function wellFormed(entry) {
  const mended = (value) => (typeof value === "string" ? value.replace(NO_LETTER, "\ufffd") : value);
  return Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, mended(value)]));
}

function isTime(text) {
  const time = AT.test(text) ? new Date(text) : new Date(NaN);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** Whether something from a file or a store can be an entry: what the program would take, too. */
export function isEntry(entry) {
  if (entry === null || typeof entry !== "object") return false;
  const text = (value) => typeof value === "string" && value.length <= MOST_TEXT;
  const number = (value, most) => value == null || (Number.isFinite(value) && value >= 0 && value <= most);
  const { onset_s: onset, offset_s: offset, others = [] } = entry;
  if (!Array.isArray(others)) return false;
  const edges = onset != null && offset != null;
  return (
    [entry.id, entry.event, entry.at].every((each) => each && text(each)) && isTime(entry.at) &&
    [entry.id, entry.event, entry.undoes ?? "", ...others].every((each) => String(each).search(NO_LETTER) < 0) &&
    ["reviewer", "label", "verdict", "relabel", "comment", "undoes"].every((name) => text(entry[name] ?? "")) &&
    ACTIONS.includes(entry.action) && (entry.verdict == null || VERDICTS.includes(entry.verdict)) &&
    number(onset, MOST_S) && number(offset, MOST_S) && number(entry.score, 1) &&
    (edges ? onset < offset : onset == null && offset == null && !["add", "edit", "merge"].includes(entry.action)) &&
    others.length <= 1000 && others.every(text)
  );
}

/** Those that nobody has taken back; an undo can be taken back, too. */
export function holding(ordered) {
  const undone = new Set();
  const held = [];
  for (let i = ordered.length - 1; i >= 0; i -= 1) {
    const entry = ordered[i];
    if (undone.has(entry.id)) continue;
    if (entry.action === "undo") undone.add(entry.undoes);
    else held.push(entry);
  }
  return held.reverse();
}

/** What a reviewer says of each event: a map from its id. */
export function fold(ordered) {
  const said = new Map();
  const of = (id) => {
    if (!said.has(id)) said.set(id, {});
    return said.get(id);
  };
  for (const entry of holding(ordered)) {
    const state = of(entry.event);
    if (entry.action === "judge") {
      state.verdict = entry.verdict ?? null;
      state.relabel = entry.relabel ?? null;
    } else if (entry.action === "comment") {
      state.comment = entry.comment ?? "";
    } else {
      state.onset = entry.onset_s;
      state.offset = entry.offset_s;
      if (entry.action === "edit") state.edited = true;
      if (entry.action === "add") Object.assign(state, { added: entry.label, verdict: "right" });
      if (entry.action === "merge") {
        state.merged = true;
        for (const other of entry.others ?? []) of(other).into = entry.event;
      }
    }
  }
  return said;
}

/** The entries of the last stroke that holds; none if there is nothing to undo. */
export function lastStroke(ordered) {
  const held = holding(ordered);
  const last = held.at(-1);
  return last ? held.filter((entry) => entry.at === last.at) : [];
}
