/** One key each. None acts while text is typed, a dialog is open, or a control wants it itself. */

import { shut } from "./elements.js";

const TYPING = "input[type=text], input[type=search], textarea, [contenteditable]";
const OWN = {
  BUTTON: [" ", "Enter"], SUMMARY: [" ", "Enter"],
  SELECT: null, // every key: it searches its choices by letters
};
const OWN_OF_RANGE = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

export function listenToKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog && event.key === "Escape") {
      event.preventDefault(); // a browser closes it too, but later than the next key may come
      shut(dialog);
    }
    if (dialog || wants(event.target, event.key)) return;
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action(event.key);
  });
  // A button that was clicked would take the next space for itself.
  addEventListener("click", (event) => {
    const control = event.target.closest?.("button, summary, input[type=checkbox]");
    if (control && event.detail > 0) control.blur();
  });
  addEventListener("pointerup", (event) => {
    if (event.target.matches?.("input[type=range]")) event.target.blur();
  });
  addEventListener("change", (event) => {
    if (event.target.matches?.("select")) event.target.blur();
  });
}

/** Whether the element that has the focus takes the key for itself. */
function wants(target, key) {
  if (target.matches?.(TYPING)) return true;
  if (target.matches?.("input[type=range]")) return OWN_OF_RANGE.includes(key);
  if (target.matches?.("input[type=checkbox]")) return key === " ";
  if (target.matches?.("[role=tab]") && ["ArrowLeft", "ArrowRight"].includes(key)) return true;
  const own = OWN[target.tagName];
  return own === null || (own?.includes(key) ?? false);
}
