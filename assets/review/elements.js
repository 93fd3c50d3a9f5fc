/** Elements by name, and new ones that hold text: nothing from outside is ever taken for markup. */

export const $ = (id) => document.getElementById(id);

export function element(name, kind) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  return made;
}

export function text(name, content, direction) {
  const made = document.createElement(name);
  made.textContent = content;
  if (direction) made.dir = direction;
  return made;
}

/** Close a dialog; a field in it that kept the focus, unseen, would swallow the next keys. */
export function shut(dialog) {
  dialog.close();
  if (dialog.contains(document.activeElement)) document.activeElement.blur();
}
