/** The list of events: only the rows in sight exist, whatever their number. */

import { element, text } from "./elements.js";
import { clock, say } from "./words.js";

const ROW = 54;
const MARKS = { right: "✓", wrong: "✕", unsure: "?" };

export class List {
  constructor(box, rows, model, colorOf, choose) {
    this.box = box;
    this.rows = rows;
    this.model = model;
    this.colorOf = colorOf;
    this.items = [];
    this.thumbs = thumbsOf(model.data.thumbs);
    box.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(box);
    rows.addEventListener("click", (event) => {
      const row = event.target.closest("[data-place]");
      if (row) choose(this.items[Number(row.dataset.place)]);
    });
  }

  show(items, current) {
    this.items = items;
    this.current = current;
    this.rows.style.height = `${items.length * ROW}px`;
    this.draw();
  }

  reveal(item) {
    const place = this.items.indexOf(item);
    if (place < 0) return;
    const top = place * ROW;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop || top + ROW > scrollTop + clientHeight) {
      this.box.scrollTop = top - Math.max(0, (clientHeight - ROW) / 3);
    }
    this.draw();
  }

  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 3);
    const last = Math.min(this.items.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + 3);
    const made = [];
    for (let place = first; place < last; place += 1) made.push(this.row(this.items[place], place));
    this.rows.replaceChildren(...made);
    const chosen = made.find((row) => row.getAttribute("aria-selected") === "true");
    if (chosen) this.box.setAttribute("aria-activedescendant", chosen.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  row(item, place) {
    const row = element("div", `row ${item.newName ? "changed" : ""} ${item.verdict ?? ""}`);
    row.id = `row-${place}`;
    row.dataset.place = place;
    row.setAttribute("role", "option");
    row.setAttribute("aria-setsize", this.items.length);
    row.setAttribute("aria-posinset", place + 1);
    row.setAttribute("aria-selected", item === this.current);
    row.style.top = `${place * ROW}px`;
    row.style.setProperty("--family", this.colorOf(item));
    const what = element("div", "about");
    const span = `${clock(item.onset)} – ${clock(item.offset)}`;
    const was = item.newName ? say("was", { label: item.baseName }) : "";
    const facts = [span, item.laneName, was].filter(Boolean).join(" · ");
    what.append(text("b", item.newName || item.baseName, "auto"), text("small", facts));
    row.append(this.thumb(item), what, this.score(item), this.mark(item));
    return row;
  }

  thumb(item) {
    const box = element("div", "thumb");
    if (!this.thumbs) return box;
    const { times, width, height, columns, address } = this.thumbs;
    const middle = 500 * (item.onset + item.offset);
    const n = nearest(times, middle);
    const scale = 36 / height;
    box.style.width = `${Math.min(64, Math.round(width * scale))}px`;
    box.style.backgroundImage = `url("${address}")`;
    box.style.backgroundSize = `${width * columns * scale}px auto`;
    box.style.backgroundPosition = `${-(n % columns) * width * scale}px ${-Math.floor(n / columns) * 36}px`;
    return box;
  }

  score(item) {
    const box = element("div", "score");
    if (item.score === null) return box;
    const bar = element("i", "");
    bar.style.width = `${100 * item.score}%`;
    box.append(text("span", Math.round(100 * item.score)), bar);
    return box;
  }

  mark(item) {
    const box = element("div", "mark");
    if (item.verdict) {
      const own = text("b", MARKS[item.verdict]);
      own.setAttribute("aria-label", say(item.verdict));
      own.setAttribute("role", "img");
      box.append(own);
    }
    for (const [reviewer, verdict] of item.others) {
      const other = text("small", MARKS[verdict]);
      other.className = verdict === item.verdict || !item.verdict ? "" : "conflict";
      other.title = say("otherSays", { reviewer: reviewer || say("someone"), verdict: say(verdict) });
      box.append(other);
    }
    if (item.comment) box.append(text("small", "✎"));
    return box;
  }
}

function nearest(times, wanted) {
  let best = 0;
  for (let n = 1; n < times.length; n += 1) {
    if (Math.abs(times[n] - wanted) < Math.abs(times[best] - wanted)) best = n;
  }
  return best;
}

/** The sheet under a short address, so that no row repeats the picture. */
function thumbsOf(data) {
  if (!data) return null;
  const [head, body] = data.sheet.split(",");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  const type = head.slice(5, head.indexOf(";"));
  return { ...data, address: URL.createObjectURL(new Blob([bytes], { type })) };
}
