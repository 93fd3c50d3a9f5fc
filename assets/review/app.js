/** The page: what is current, what is shown, and what each key and button does. */

import { askComment, Search, showHelp, showKeys } from "./dialogs.js";
import { $, element, text } from "./elements.js";
import { Keeping, readVerdictFile, verdictFile } from "./keeping.js";
import { listenToKeys } from "./keys.js";
import { List } from "./list.js";
import { Model } from "./model.js";
import { Player } from "./player.js";
import { nextOpen, ordered, ORDERS } from "./queue.js";
import { Timeline } from "./timeline.js";
import { fold, laterThan, lastStroke, newId, VERDICTS } from "./verdicts.js";
import { clock, currentLanguage, say, setLanguage, translate } from "./words.js";

const STATES = ["any", "open", ...VERDICTS, "changed", "commented", "conflict"];
const FAMILIES = ["human", "animal", "music", "things", "nature", "ambiguous", "environment", ""];
const NEW_S = 1;
const SHORTEST_S = 0.01;

const data = JSON.parse($("data").textContent);
const model = new Model(data);
const remembered = {
  get(name) {
    try {
      return localStorage.getItem(`tag-overlay:${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`tag-overlay:${name}`, value);
    } catch {
      // a browser without room still judges
    }
  },
};

let reviewer = data.reviewer || remembered.get("reviewer") || "";
let items = new Map();
let shown = [];
let current = null;
let choices = [];
let mine = [];
const filters = { order: "time", state: "any", text: "", least: 0, families: new Set() };
let toastTimer = 0;

setLanguage(data.language || remembered.get("language") || (/^zh/i.test(navigator.language) ? "zh" : "en"));
const keeping = new Keeping(data, () => refresh(), showSaved);
const player = new Player($("video"), data, showTime, mediaFault);
const timeline = new Timeline(
  {
    tracks: $("tracks"), sound: $("sound"), lanes: $("lanes"), room: $("lanes-room"),
    canvas: $("lanes-canvas"), playhead: $("playhead"),
  },
  model,
  { seek: (time) => player.seek(time), choose: (item) => choose(item), marked: () => toast(say("markFirst")) },
);
const colorOf = (item) => timeline.colorOf(item);
const list = new List($("list"), $("rows"), model, colorOf, (item) => choose(item));
const search = new Search(model, colorOf, ownLabels);

// What is said of the events

/** Every event with what this reviewer and the others say of it. */
function refresh() {
  mine = keeping.of(reviewer);
  const own = fold(mine);
  const others = keeping.reviewers().filter((each) => each !== reviewer)
    .map((each) => [each, fold(keeping.of(each))]);
  const made = model.events.map((event) => itemOf(event, own, others));
  for (const folded of [own, ...others.map(([, each]) => each)]) {
    for (const [id, state] of folded) {
      if (state.added === undefined || made.some((item) => item.id === id)) continue;
      const { onset, offset } = state;
      made.push(itemOf({ id, ...model.labelOf(state.added), onset, offset, score: null }, own, others));
    }
  }
  items = new Map(made.filter((item) => !item.into).map((item) => [item.id, item]));
  show();
}

function itemOf(event, own, others) {
  const state = own.get(event.id) ?? {};
  const name = model.nameOf(event);
  const laneName = event.lane ? data.lanes[event.lane] : "";
  const relabel = state.relabel ? model.labelOf(state.relabel) : null;
  const said = others.map(([who, folded]) => [who, folded.get(event.id)?.verdict]).filter((each) => each[1]);
  const verdict = state.verdict ?? null;
  return {
    ...event,
    onset: state.onset ?? event.onset,
    offset: state.offset ?? event.offset,
    verdict,
    relabel,
    comment: state.comment || "",
    added: state.added !== undefined,
    edited: Boolean(state.edited),
    merged: Boolean(state.merged),
    into: state.into,
    others: said,
    conflict: said.some(([, each]) => verdict && each !== verdict) || new Set(said.map((each) => each[1])).size > 1,
    baseName: name,
    laneName,
    shownName: laneName ? `${name} · ${laneName}` : name,
    newName: relabel ? model.nameOf(relabel) : "",
  };
}

/** Labels that somebody here has given and that are none of the model's, by name. */
function ownLabels() {
  const given = [...items.values()].flatMap((item) => [item, item.relabel]).filter((each) => each && each.label < 0);
  return [...new Set(given.map((each) => each.name))].sort();
}

function passes(item) {
  const { state, least, families } = filters;
  const wanted = filters.text.trim().toLowerCase();
  const names = [item.shownName, item.newName, item.label < 0 ? "" : model.names[item.label]];
  return (
    (item.score ?? 1) * 100 >= least &&
    (!families.size || families.has(model.familyOf(item))) &&
    (!wanted || names.some((name) => name.toLowerCase().includes(wanted))) &&
    (state === "any" || (state === "open" && !item.verdict) || state === item.verdict ||
      (state === "changed" && (item.relabel || item.edited || item.merged || item.added)) ||
      (state === "commented" && item.comment) || (state === "conflict" && item.conflict))
  );
}

function show() {
  const all = [...items.values()];
  for (const item of all) item.passes = passes(item);
  shown = ordered(all.filter((item) => item.passes), filters.order, model);
  current = items.get(current?.id) ?? shown[0] ?? null;
  list.show(shown, current);
  timeline.show(all, current);
  showCounts(all);
  showEvent();
  if (!$("labels").hidden) showLabels(all);
}

// What is shown

function showCounts(all) {
  const judged = all.filter((item) => item.verdict);
  const sure = judged.filter((item) => item.verdict !== "unsure");
  const right = sure.filter((item) => item.verdict === "right").length;
  const percent = `${Math.round((100 * right) / sure.length)} %`;
  const values = { judged: judged.length, all: all.length, percent };
  $("counts").textContent = say(sure.length ? "counts" : "countsNone", values);
  $("progress").max = Math.max(all.length, 1);
  $("progress").value = judged.length;
  const count = { n: shown.length, all: all.length };
  $("shown-count").textContent = shown.length ? say("shownCount", count) : say("nothingShown");
}

function showEvent() {
  const item = current;
  for (const id of ["wrong", "unsure", "right", "skip", "search", "again", "onset", "offset", "merge", "comment"]) {
    $(id).disabled = !item;
  }
  $("event-name").textContent = item ? item.newName || item.shownName : say("noEvent");
  $("event-comment").textContent = item?.comment ?? "";
  $("event").dataset.verdict = item?.verdict ?? "";
  if (!item) {
    $("event-facts").textContent = $("event-state").textContent = "";
    $("choices").replaceChildren();
    return;
  }
  const facts = [`${clock(item.onset)} – ${clock(item.offset)}`];
  if (item.score !== null) facts.push(say("score", { score: Math.round(100 * item.score) }));
  for (const fact of ["added", "edited", "merged"]) if (item[fact]) facts.push(say(fact));
  if (item.newName) facts.push(say("was", { label: item.shownName }));
  for (const [who, verdict] of item.others) {
    facts.push(say("otherSays", { reviewer: who || say("someone"), verdict: say(verdict) }));
  }
  $("event-facts").textContent = facts.join(" · ");
  $("event-state").textContent = item.verdict ? say(item.verdict) : "";
  $("event-dot").style.background = colorOf(item.relabel ?? item);
  for (const verdict of VERDICTS) $(verdict).setAttribute("aria-pressed", item.verdict === verdict);
  choices = model.bestWithin(item.onset, item.offset, item.label);
  $("choices").replaceChildren(...choices.map((label, n) => {
    const button = text("button", model.nameOf({ label }), "auto");
    button.dataset.key = n + 1;
    button.style.setProperty("--family", colorOf({ label }));
    button.addEventListener("click", () => relabel(classOf(label)));
    return button;
  }));
}

let panelWas = "";

function showTime() {
  $("clock").textContent = `${clock(player.time)} / ${clock(model.duration)}`;
  $("seek").value = player.time;
  $("seek").setAttribute("aria-valuetext", clock(player.time));
  $("play").classList.toggle("playing", player.playing);
  timeline.movePlayhead(player.time, player.playing);
  showPanel(player.time);
}

/** What the panel shows at a time: the events that cover it, best first. */
function showPanel(time) {
  const scores = model.scoresAt(time);
  const on = new Map();
  for (const event of model.events) {
    if (event.onset > time) break;
    if (!event.lane && time < event.offset) on.set(event.label, scores.get(event.label) ?? 0.05);
  }
  const rows = [...on].sort((one, other) => other[1] - one[1]).slice(0, data.top_k);
  const now = `${currentLanguage()} ${rows.map(([label, score]) => `${label}:${Math.round(100 * score)}`)}`;
  if (now === panelWas) return;
  panelWas = now;
  $("panel").replaceChildren(...rows.map(([label, score]) => {
    const row = element("li", "");
    row.style.setProperty("--family", colorOf({ label }));
    const bar = element("i", "");
    bar.style.width = `${100 * score}%`;
    row.append(text("span", model.nameOf({ label }), "auto"), text("b", Math.round(100 * score)), bar);
    return row;
  }));
}

function showLabels(all) {
  const rows = new Map();
  for (const item of all) {
    if (!rows.has(item.shownName)) rows.set(item.shownName, []);
    rows.get(item.shownName).push(item);
  }
  const sorted = [...rows.values()].sort((a, b) => b.length - a.length);
  $("label-rows").replaceChildren(...sorted.map(labelRow));
}

function labelRow(own) {
  const [first] = own;
  const row = element("tr", "");
  row.style.setProperty("--family", colorOf(first));
  const sure = own.filter((item) => item.verdict && item.verdict !== "unsure");
  const right = sure.filter((item) => item.verdict === "right").length;
  const name = element("th", "");
  const filter = text("button", first.shownName, "auto");
  filter.className = "link";
  filter.addEventListener("click", () => filterByLabel(first.shownName));
  name.scope = "row";
  name.append(filter);
  const buttons = element("td", "");
  for (const verdict of ["right", "wrong"]) {
    const button = text("button", verdict === "right" ? "✓" : "✕");
    button.className = verdict;
    const key = verdict === "right" ? "allRightOf" : "allWrongOf";
    button.title = say(key, { label: first.shownName });
    button.setAttribute("aria-label", button.title);
    button.disabled = own.every((item) => item.verdict);
    button.addEventListener("click", () => judgeAll(own, verdict));
    buttons.append(button);
  }
  const ratio = sure.length ? `${Math.round((100 * right) / sure.length)} %` : "–";
  const judged = `${own.filter((item) => item.verdict).length}/${own.length}`;
  row.append(name, text("td", judged), text("td", ratio));
  if (data.lanes.length > 1) {
    row.append(text("td", data.kappa[first.lane ?? 0][model.names[first.label]]?.toFixed(2) ?? "–"));
  }
  row.append(buttons);
  return row;
}

function showSaved(words, fault) {
  $("saved").textContent = words;
  $("saved").classList.toggle("fault", fault);
}

/** Nothing plays: wait for a copy where the server can make one, else say so. */
function mediaFault() {
  if (data.copy && !copyAsked) waitForCopy();
  else showUnplayable();
}

let copyAsked = false;

async function waitForCopy() {
  copyAsked = true;
  player.usable = false;
  for (;;) {
    const state = await fetch(data.copy).then((answer) => answer.json()).catch(() => null);
    if (state?.ready) break;
    if (state?.failure) return showUnplayable();
    showMedia("proxyMaking", { percent: Math.round(100 * (state?.share ?? 0)) });
    await new Promise((done) => setTimeout(done, 700));
  }
  $("frame").hidden = false;
  showMedia(data.why ? "proxyUsed" : "", { why: data.why });
  player.load(`${data.src}?copy`);
}

let mediaSaid = ["", {}];

function showMedia(key, values = {}) {
  mediaSaid = [key, values];
  $("unplayable").textContent = key ? say(key, values) : "";
  $("unplayable").hidden = !key;
}

function showUnplayable() {
  $("frame").hidden = true;
  showMedia("unplayable", { name: data.name });
  showTime();
}

function toast(words) {
  $("toast").textContent = words;
  $("toast").classList.add("seen");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").classList.remove("seen"), 3500);
}

// What is done

/** Make an event the current one, and play it. */
function choose(item, { play = true } = {}) {
  current = item;
  list.show(shown, current);
  timeline.current = current;
  showEvent();
  if (!item) return;
  list.reveal(item);
  timeline.reveal(item);
  if (play) player.playAround(item.onset, item.offset);
  else player.seek(item.onset);
}

/** Write entries of one stroke: they are undone together. */
function write(...parts) {
  const at = laterThan(mine);
  keeping.add(parts.map((part) => ({ id: newId(), at, reviewer, ...part })));
  refresh();
}

/** What each entry says of its event, beside what is new. */
function about(item) {
  return {
    event: item.id, label: item.label < 0 ? item.name : model.names[item.label],
    onset_s: round(item.onset), offset_s: round(item.offset),
    score: item.lane ? null : item.score, // thresholds are learnt from one model's scores
  };
}

function round(seconds) {
  return Math.round(1000 * seconds) / 1000;
}

function judge(verdict, relabelled = null) {
  if (!current) return;
  const next = nextOpen(shown, current.id);
  write({ action: "judge", ...about(current), verdict, relabel: relabelled?.name ?? null });
  advance(next);
}

function advance(next) {
  if (!$("advance").checked) return;
  const following = next && items.get(next.id);
  if (following) choose(following);
  else toast(say("allJudged"));
}

function relabel(label) {
  judge("wrong", label);
}

function classOf(label) {
  return { label, name: model.names[label] };
}

function judgeAll(own, verdict) {
  const open = own.filter((item) => !item.verdict);
  if (!open.length) return;
  write(...open.map((item) => ({ action: "judge", ...about(item), verdict, relabel: null })));
  toast(say("batchDone", { n: open.length, label: open[0].shownName, verdict: say(verdict) }));
}

function undo() {
  const stroke = lastStroke(mine);
  if (!stroke.length) return toast(say("nothingToUndo"));
  write(...stroke.map((entry) => ({ action: "undo", event: entry.event, label: entry.label, undoes: entry.id })));
  const item = items.get(stroke[0].event);
  if (item) choose(item);
  const what = stroke[0].verdict ? say(stroke[0].verdict) : say({ edit: "edited", add: "newEvent", merge: "merged", comment: "comment" }[stroke[0].action]);
  toast(say("undone", { what: `${what}${stroke.length > 1 ? ` × ${stroke.length}` : ""}` }));
}

function skip() {
  const next = nextOpen(shown, current?.id);
  if (next) choose(next);
  else toast(say("allJudged"));
}

function step(by) {
  const place = shown.findIndex((item) => item.id === current?.id);
  const next = shown[Math.min(Math.max(place + by, 0), shown.length - 1)];
  if (next) choose(next);
}

function setEdge(side) {
  if (!current) return;
  const edges = { onset: current.onset, offset: current.offset, [side]: player.time };
  if (edges.offset - edges.onset < SHORTEST_S) return toast(say("edgesCross"));
  write({ action: "edit", ...about({ ...current, ...edges }) });
}

function merge() {
  if (!current) return;
  const later = [...items.values()]
    .filter((item) => item.shownName === current.shownName && item.id !== current.id && item.onset >= current.onset)
    .sort((a, b) => a.onset - b.onset);
  const next = later[0];
  if (!next) return toast(say("noNext"));
  const edges = { onset: Math.min(current.onset, next.onset), offset: Math.max(current.offset, next.offset) };
  write({ action: "merge", ...about({ ...current, ...edges }), others: [next.id] });
}

function addEvent() {
  const [onset, offset] = timeline.marked ?? [player.time, Math.min(player.time + NEW_S, model.duration)];
  if (offset - onset < SHORTEST_S) return;
  search.ask(say("markFirst"), (label) => {
    const event = newId().replaceAll("-", "").slice(0, 12);
    timeline.unmark();
    write({ action: "add", ...about({ id: event, ...label, onset, offset, score: null }) });
    choose(items.get(event), { play: false });
  });
}

function comment() {
  const item = current;
  if (!item) return;
  askComment(item.comment, (words) => write({ action: "comment", ...about(item), comment: words }));
}

function again() {
  if (current) player.playAround(current.onset, current.offset);
}

function searchLabel() {
  if (current) search.ask(say("searchLabel"), relabel);
}

function filterByLabel(name) {
  $("text").value = filters.text = name;
  openTab("events");
  show();
}

function save() {
  const link = element("a", "");
  const content = verdictFile(data, keeping.entries.values());
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = `${data.name.replace(/\.[^.]*$/, "")}.verdicts.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function load(file) {
  const found = readVerdictFile(await file.text());
  if (!found) return toast(say("notVerdicts", { file: file.name }));
  if (found.media.fingerprint !== data.fingerprint) {
    return toast(say("otherMedium", { file: file.name, name: found.media.name ?? "?" }));
  }
  const n = keeping.add(found.entries);
  refresh();
  toast(say(n ? "addedBy" : "addedNone", { n, file: file.name }));
}

function openTab(name) {
  for (const each of ["events", "labels"]) {
    $(each).hidden = each !== name;
    $(`tab-${each}`).setAttribute("aria-selected", each === name);
    $(`tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  show();
}

function speak(language) {
  setLanguage(language);
  translate(document);
  showKeys();
  $("language").textContent = language === "zh" ? "EN" : "中文";
  fillChoices();
  keeping.say(keeping.server ? "savedServer" : "savedBrowser");
  showMedia(...mediaSaid);
  $("kappa").hidden = data.lanes.length < 2;
  $("kappa").title = say("kappaHint", { lane: data.lanes[0] });
  refresh();
  showTime();
}

function fillChoices() {
  const options = (values, chosen) => values.map((value) => {
    const option = text("option", say(value));
    option.value = value;
    option.selected = value === chosen;
    return option;
  });
  $("order").replaceChildren(...options(ORDERS, filters.order));
  $("state").replaceChildren(...options(STATES, filters.state));
  const present = FAMILIES.filter((family) => model.events.some((event) => model.familyOf(event) === family));
  $("families").replaceChildren(...present.map((family) => {
    const button = text("button", say(family || "none"));
    button.className = "chip";
    button.style.setProperty("--family", timeline.families[family]);
    button.setAttribute("aria-pressed", filters.families.has(family));
    button.addEventListener("click", () => {
      if (!filters.families.delete(family)) filters.families.add(family);
      button.setAttribute("aria-pressed", filters.families.has(family));
      show();
    });
    return button;
  }));
}

function listen() {
  const click = (id, action) => $(id).addEventListener("click", () => action());
  for (const verdict of VERDICTS) click(verdict, () => judge(verdict));
  for (const [id, action] of Object.entries({
    undo, skip, again, merge, comment, download: save, help: showHelp, new: addEvent, search: searchLabel,
    play: () => player.toggle(), onset: () => setEdge("onset"), offset: () => setEdge("offset"),
    "zoom-in": () => timeline.zoom(0.5, player.time), "zoom-out": () => timeline.zoom(2, player.time),
    "zoom-fit": () => timeline.fit(), load: () => $("file").click(),
    menu: () => $("menu").setAttribute("aria-expanded", document.body.classList.toggle("menu")),
    language: () => {
      const language = currentLanguage() === "zh" ? "en" : "zh";
      remembered.set("language", language);
      speak(language);
    },
  })) click(id, action);
  for (const name of ["events", "labels"]) {
    click(`tab-${name}`, () => openTab(name));
    $(`tab-${name}`).addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = name === "events" ? "labels" : "events";
      openTab(other);
      $(`tab-${other}`).focus();
    });
  }
  $("file").addEventListener("change", () => {
    if ($("file").files[0]) load($("file").files[0]);
    $("file").value = "";
  });
  $("seek").addEventListener("input", () => player.seek(Number($("seek").value)));
  const filter = (id, name, read) => $(id).addEventListener("input", () => {
    filters[name] = read($(id).value);
    $("least-value").textContent = filters.least;
    show();
  });
  filter("order", "order", String);
  filter("state", "state", String);
  filter("text", "text", String);
  filter("least", "least", Number);
  $("reviewer").addEventListener("change", () => {
    reviewer = $("reviewer").value.trim();
    remembered.set("reviewer", reviewer);
    refresh();
  });
  listenToKeys({
    " ": () => player.toggle(), Enter: again, a: () => judge("right"), ArrowUp: () => judge("right"),
    x: () => judge("wrong"), ArrowDown: () => judge("wrong"), u: () => judge("unsure"),
    ArrowLeft: undo, Backspace: undo, ArrowRight: skip, j: () => step(1), k: () => step(-1),
    "/": searchLabel, "[": () => setEdge("onset"), "]": () => setEdge("offset"), m: merge,
    n: addEvent, c: comment, "?": showHelp, "+": () => timeline.zoom(0.5, player.time),
    "=": () => timeline.zoom(0.5, player.time), "-": () => timeline.zoom(2, player.time),
    0: () => timeline.fit(), ",": () => player.seek(player.time - 1), ".": () => player.seek(player.time + 1),
    Escape: () => timeline.unmark(),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [
      digit, () => current && choices[digit - 1] !== undefined && relabel(classOf(choices[digit - 1])),
    ])),
  });
}

document.title = `${data.name} · tag-overlay`;
$("name").textContent = data.name;
$("reviewer").value = reviewer;
$("seek").max = model.duration;
$("least-value").textContent = filters.least;
document.body.classList.toggle("soundonly", !data.has_picture);
timeline.look.addEventListener("change", () => speak(currentLanguage()));
listen();
speak(currentLanguage());
current = nextOpen(shown, null) ?? current;
if (current) choose(current, { play: false });
if (data.copy && data.why) waitForCopy();
else {
  if (data.why) showMedia("proxyUsed", { why: data.why });
  player.load(data.src);
}
