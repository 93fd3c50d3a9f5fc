/** What asks for text: a label to be searched, a comment; and the help. */

import { $, element, shut, text } from "./elements.js";
import { say } from "./words.js";

/** Ask for a label: calls back with a class, or with what was typed, as a label of one's own. */
export class Search {
  constructor(model, colorOf, own) {
    this.model = model;
    this.colorOf = colorOf;
    this.own = own;
    this.dialog = $("search-dialog");
    this.query = $("query");
    this.found = $("found");
    this.query.addEventListener("input", () => this.look());
    this.query.addEventListener("keydown", (event) => this.key(event));
    this.found.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.choose(this.labels[[...this.found.children].indexOf(row)]);
    });
  }

  ask(title, done) {
    this.done = done;
    this.dialog.querySelector("label span").textContent = title;
    this.query.value = "";
    this.look();
    this.dialog.showModal();
    this.query.focus();
  }

  look() {
    this.labels = this.model.search(this.query.value, this.own());
    const typed = this.model.labelNamed(this.query.value);
    const isNew = typed.name && !this.labels.some((each) => each.name.toLowerCase() === typed.name.toLowerCase());
    if (isNew) this.labels.push({ ...typed, isNew: true });
    this.at = 0;
    this.found.replaceChildren(...this.labels.map((label, n) => this.row(label, n)));
    this.point();
  }

  row(item, n) {
    const row = element("li", item.isNew ? "new" : "");
    row.id = `found-${n}`;
    row.setAttribute("role", "option");
    row.style.setProperty("--family", this.colorOf(item));
    const [english, chinese] = this.model.data.labels[item.label] ?? [item.name, item.name];
    row.append(text("span", english, "auto"));
    if (item.label < 0) row.append(text("small", say("ownLabel")));
    else if (chinese !== english) row.append(text("small", chinese, "auto"));
    return row;
  }

  point() {
    [...this.found.children].forEach((row, n) => row.setAttribute("aria-selected", n === this.at));
    const row = this.found.children[this.at];
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.query.setAttribute("aria-activedescendant", row.id);
    else this.query.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.labels.length) {
      this.at = (this.at + step + this.labels.length) % this.labels.length;
      this.point();
      event.preventDefault();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.labels.length) this.choose(this.labels[this.at]);
    }
  }

  choose(label) {
    shut(this.dialog);
    this.done(label);
  }
}

/** Ask for a comment; calls back with its text. */
export function askComment(before, done) {
  const dialog = $("comment-dialog");
  const field = $("comment-text");
  field.value = before;
  const save = (event) => {
    event.preventDefault();
    shut(dialog);
    done(field.value.trim());
  };
  field.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
  };
  $("comment-save").onclick = save;
  dialog.showModal();
}

const KEYS = [
  [["␣"], "keyPlay"], [["⏎"], "keyAgain"], [["a", "↑"], "keyRight"], [["x", "↓"], "keyWrong"],
  [["u"], "keyUnsure"], [["←", "⌫"], "keyUndo"], [["→"], "keySkip"], [["j", "k"], "keyMove"],
  [["1…9"], "keyRelabel"], [["/"], "keySearch"], [["[", "]"], "keyEdges"], [["m"], "keyMerge"],
  [["n"], "keyNew"], [["c"], "keyComment"], [[",", "."], "keySeek"], [["+", "-", "0"], "keyZoom"],
  [["?"], "keyHelp"],
];

/** Those of them that stand on no button. */
const LONE = ["keyMove", "keySeek", "keyHelp"];

/** The keys, always in sight at the foot of the page and at length in the help. */
export function showKeys() {
  const caps = (keys) => keys.map((key) => text("kbd", key));
  $("keys").replaceChildren(...KEYS.map(([keys, what]) => {
    const each = element("span", "");
    if (!LONE.includes(what)) each.className = "shown";
    each.append(...caps(keys), ` ${say(what)}`);
    return each;
  }));
  $("help-keys").replaceChildren(...KEYS.flatMap(([keys, what]) => {
    const term = element("dt", "");
    term.append(...caps(keys));
    return [term, text("dd", say(what))];
  }));
}

export function showHelp() {
  $("help-dialog").showModal();
}
