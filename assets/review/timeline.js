/** The timeline: overview, ruler, loudness, mel spectrogram, and a lane of events for each label. */

import { bytesOf } from "./model.js";
import { clock } from "./words.js";

const OVERVIEW = 14;
const RULER = 20;
const LOUDNESS = 26;
const MEL = 84;
/** Of the spectrogram in a low window, where the video needs the room. */
const MEL_LOW = 52;
/** Where there is no video. */
const MEL_TALL = 180;
const LOW_WINDOW = 860;
const LANE = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--lane"));
/** How far from an event a press still means it. */
const NEAR = LANE / 4;
const NARROWEST_S = 0.5;
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
/** Dark to bright, for the spectrogram: red, green and blue at some places. */
const INKS = {
  dark: [[0, 16, 21, 29], [0.35, 44, 58, 104], [0.6, 122, 74, 150], [0.8, 226, 110, 104], [1, 255, 226, 150]],
  light: [[0, 246, 248, 250], [0.35, 190, 203, 224], [0.6, 122, 138, 190], [0.8, 92, 62, 140], [1, 40, 16, 70]],
};

export class Timeline {
  constructor(parts, model, actions) {
    Object.assign(this, parts); // tracks, sound, lanes, room, canvas, playhead
    this.model = model;
    this.actions = actions;
    this.from = 0;
    this.to = Math.max(model.duration, NARROWEST_S);
    this.items = [];
    this.rows = [];
    this.marked = null;
    this.still = document.createElement("canvas");
    this.stillOf = "";
    this.loudness = bytesOf(model.data.sound.loudness);
    this.tiles = model.data.sound.mel.map((address) => this.tile(address));
    this.look = matchMedia("(prefers-color-scheme: light)");
    this.look.addEventListener("change", () => {
      for (const tile of this.tiles) tile.inked = null;
      this.readColors();
      this.draw();
    });
    this.readColors();
    new ResizeObserver(() => this.resize()).observe(this.tracks);
    this.lanes.addEventListener("scroll", () => this.draw());
    this.listen();
    this.resize();
  }

  readColors() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    this.color = {
      text: color("--text"), dim: color("--dim"), line: color("--line"), accent: color("--accent"),
      ground: color("--ground"), raised: color("--raised"), mark: color("--mark"), loud: color("--loud"),
    };
    this.families = this.model.data.colors[this.look.matches ? "light" : "dark"];
    this.font = style.fontFamily;
  }

  colorOf(item) {
    return this.families[this.model.familyOf(item)] ?? this.families[""];
  }

  tile(address) {
    const tile = { image: new Image(), inked: null };
    tile.image.onload = () => this.draw();
    tile.image.src = address;
    return tile;
  }

  // What is seen

  resize() {
    const ratio = devicePixelRatio || 1;
    this.width = this.tracks.clientWidth;
    const tall = document.body.classList.contains("soundonly") ? MEL_TALL : MEL;
    this.mel = innerHeight < LOW_WINDOW || this.width < 640 ? MEL_LOW : tall;
    this.gutter = this.width < 640 ? 104 : 136;
    this.ratio = ratio;
    fit(this.sound, this.width, OVERVIEW + RULER + LOUDNESS + this.mel, ratio);
    fit(this.canvas, this.width, this.lanes.clientHeight, ratio);
    this.draw();
  }

  show(items, current) {
    this.items = items;
    this.current = current;
    this.rows = lanesOf(items);
    this.room.style.height = `${Math.max(this.rows.length * LANE, 1)}px`;
    this.draw();
  }

  x(time) {
    return this.gutter + ((time - this.from) / (this.to - this.from)) * (this.width - this.gutter);
  }

  time(x) {
    const share = (x - this.gutter) / (this.width - this.gutter);
    return this.from + share * (this.to - this.from);
  }

  lookAt(from, to) {
    const whole = Math.max(this.model.duration, NARROWEST_S);
    const length = Math.min(Math.max(to - from, NARROWEST_S), whole);
    this.from = Math.min(Math.max(from, 0), whole - length);
    this.to = this.from + length;
    this.draw();
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    const length = Math.min(Math.max((this.to - this.from) * factor, NARROWEST_S), this.model.duration);
    const share = (around - this.from) / (this.to - this.from);
    this.lookAt(around - share * length, around + (1 - share) * length);
  }

  fit() {
    this.lookAt(0, this.model.duration);
  }

  /** Bring an event into sight, zoomed in if it would be a mere dot. */
  reveal(item) {
    const length = this.to - this.from;
    const own = Math.max(item.offset - item.onset, 0.2);
    const far = item.onset < this.from || item.offset > this.to;
    if (own < length / 400) this.lookAt(item.onset - own * 40, item.offset + own * 40);
    else if (far && own < length) this.lookAt(item.onset - length * 0.3, item.onset + length * 0.7);
    else if (far && own >= length) this.lookAt(item.onset - own * 0.1, item.offset + own * 0.1);
    const row = this.rows.findIndex((each) => each.items.includes(item));
    if (row >= 0) {
      const top = row * LANE;
      if (top < this.lanes.scrollTop) this.lanes.scrollTop = top;
      const lowest = top + LANE - this.lanes.clientHeight;
      if (lowest > this.lanes.scrollTop) this.lanes.scrollTop = lowest;
    }
    this.draw();
  }

  movePlayhead(time, playing) {
    this.now = time;
    if (playing && (time > this.to || time < this.from)) {
      const length = this.to - this.from;
      this.lookAt(time - length * 0.1, time + length * 0.9);
    }
    const x = this.x(time);
    this.playhead.hidden = x < this.gutter || x > this.width;
    this.playhead.style.transform = `translateX(${x}px)`;
  }

  // Drawing

  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.drawSound();
      this.drawLanes();
      this.movePlayhead(this.now ?? 0, false);
    });
  }

  drawSound() {
    this.drawStill();
    const pen = this.pen(this.sound);
    pen.drawImage(this.still, 0, 0, this.width, this.sound.height / this.ratio);
    this.drawOverview(pen);
    pen.save();
    this.clipTracks(pen);
    this.drawBand(pen, OVERVIEW + RULER, LOUDNESS + this.mel);
    pen.restore();
  }

  /** What stays until the view moves: hours of spectrogram are not squeezed anew for each verdict. */
  drawStill() {
    const loaded = this.tiles.filter((tile) => tile.image.naturalWidth).length;
    const view = [this.from, this.to, this.width, this.mel, this.ratio, this.look.matches, loaded].join();
    if (view === this.stillOf) return;
    this.stillOf = view;
    fit(this.still, this.width, this.sound.height / this.ratio, this.ratio);
    const pen = this.pen(this.still);
    this.drawRuler(pen, OVERVIEW);
    pen.save();
    this.clipTracks(pen);
    this.drawLoudness(pen, OVERVIEW + RULER);
    this.drawMel(pen, OVERVIEW + RULER + LOUDNESS);
    pen.restore();
    this.drawUnits(pen);
  }

  clipTracks(pen) {
    pen.beginPath();
    pen.rect(this.gutter, 0, this.width - this.gutter, this.sound.height);
    pen.clip();
  }

  drawUnits(pen) {
    pen.fillStyle = this.color.dim;
    pen.textBaseline = "middle";
    pen.font = `11px ${this.font}`;
    pen.textAlign = "right";
    pen.fillText("dB", this.gutter - 8, OVERVIEW + RULER + LOUDNESS / 2);
    pen.fillText("15 kHz", this.gutter - 8, OVERVIEW + RULER + LOUDNESS + 8);
    pen.fillText("0", this.gutter - 8, OVERVIEW + RULER + LOUDNESS + this.mel - 7);
  }

  pen(canvas) {
    const pen = canvas.getContext("2d");
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    return pen;
  }

  overviewX(time) {
    return this.gutter + (time / Math.max(this.model.duration, NARROWEST_S)) * (this.width - this.gutter);
  }

  drawOverview(pen) {
    pen.fillStyle = this.color.raised;
    pen.fillRect(this.gutter, 0, this.width - this.gutter, OVERVIEW - 3);
    pen.globalAlpha = 0.55;
    for (const item of this.items) {
      pen.fillStyle = this.colorOf(item);
      const x = this.overviewX(item.onset);
      pen.fillRect(x, item.verdict ? 7 : 2, Math.max(this.overviewX(item.offset) - x, 1), item.verdict ? 2 : 7);
    }
    pen.globalAlpha = 1;
    const left = this.overviewX(this.from);
    const width = Math.max(this.overviewX(this.to) - left, 3);
    pen.strokeStyle = this.color.text;
    pen.lineWidth = 1.5;
    pen.strokeRect(left + 0.75, 0.75, width - 1.5, OVERVIEW - 4.5);
  }

  drawRuler(pen, top) {
    const perPixel = (this.to - this.from) / Math.max(this.width - this.gutter, 1);
    const step = STEPS_S.find((each) => each / perPixel > 74) ?? 7200;
    pen.fillStyle = this.color.dim;
    pen.strokeStyle = this.color.line;
    pen.lineWidth = 1;
    pen.font = `11px ${this.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.beginPath();
    for (let n = Math.ceil(this.from / step); n * step <= this.to; n += 1) {
      const x = Math.round(this.x(n * step)) + 0.5;
      pen.moveTo(x, top + 2);
      pen.lineTo(x, top + RULER);
      pen.fillText(clock(n * step, step < 1 ? 1 : 0), x + 4, top + RULER / 2 + 1);
    }
    pen.stroke();
  }

  drawLoudness(pen, top) {
    const { column_s: wide } = this.model.data.sound;
    pen.fillStyle = this.color.loud;
    pen.beginPath();
    pen.moveTo(this.gutter, top + LOUDNESS);
    for (let x = this.gutter; x <= this.width; x += 1) {
      const first = Math.max(Math.floor(this.time(x) / wide), 0);
      const last = Math.max(Math.floor(this.time(x + 1) / wide), first + 1);
      let level = 0;
      for (let n = first; n < last && n < this.loudness.length; n += 1) level = Math.max(level, this.loudness[n]);
      pen.lineTo(x, top + LOUDNESS - (level / 255) * (LOUDNESS - 2));
    }
    pen.lineTo(this.width, top + LOUDNESS);
    pen.fill();
  }

  drawMel(pen, top) {
    const { column_s: wide, tile: columns } = this.model.data.sound;
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    this.tiles.forEach((tile, n) => {
      const start = n * columns * wide;
      const end = start + tile.image.naturalWidth * wide;
      if (end < this.from || start > this.to || !tile.image.naturalWidth) return;
      tile.inked ??= inked(tile.image, INKS[this.look.matches ? "light" : "dark"]);
      const a = Math.max(this.from, start);
      const b = Math.min(this.to, end);
      const left = (a - start) / wide;
      pen.drawImage(tile.inked, left, 0, Math.max((b - a) / wide, 0.01), tile.inked.height,
        this.x(a), top, this.x(b) - this.x(a), this.mel);
    });
  }

  /** Where the current event is, and what is marked for a new one. */
  drawBand(pen, top, height) {
    if (this.current) this.band(pen, this.current.onset, this.current.offset, top, height, this.color.accent);
    if (this.marked) this.band(pen, ...this.marked, top, height, this.color.mark);
  }

  band(pen, onset, offset, top, height, color) {
    const left = this.x(onset);
    const width = Math.max(this.x(offset) - left, 2);
    pen.fillStyle = color;
    pen.globalAlpha = 0.16;
    pen.fillRect(left, top, width, height);
    pen.globalAlpha = 1;
    pen.fillRect(left, top, 1.5, height);
    pen.fillRect(left + width - 1.5, top, 1.5, height);
  }

  drawLanes() {
    const pen = this.pen(this.canvas);
    const height = this.lanes.clientHeight;
    const scrolled = this.lanes.scrollTop;
    const first = Math.floor(scrolled / LANE);
    const last = Math.min(this.rows.length, Math.ceil((scrolled + height) / LANE));
    pen.textBaseline = "middle";
    pen.font = `12px ${this.font}`;
    for (let n = first; n < last; n += 1) this.drawLane(pen, this.rows[n], n * LANE - scrolled);
  }

  drawLane(pen, row, top) {
    pen.fillStyle = this.color.line;
    pen.fillRect(0, top + LANE - 1, this.width, 1);
    pen.save();
    pen.beginPath();
    pen.rect(this.gutter, top, this.width - this.gutter, LANE);
    pen.clip();
    const color = this.colorOf(row.items[0]);
    for (const item of row.items) {
      if (item.offset >= this.from && item.onset <= this.to) this.drawEvent(pen, item, top, color);
    }
    pen.restore();
    pen.fillStyle = color;
    pen.fillRect(0, top + 4, 3, LANE - 9);
    pen.fillStyle = this.color.text;
    pen.textAlign = "left";
    pen.fillText(shortened(pen, row.name, this.gutter - 16), 9, top + LANE / 2);
  }

  drawEvent(pen, item, top, color) {
    const left = this.x(item.onset);
    const width = Math.max(this.x(item.offset) - left, 2.5);
    const shown = item.passes ? 1 : 0.15;
    pen.fillStyle = color;
    pen.globalAlpha = shown * { wrong: 0.18, unsure: 0.5, right: 1 }[item.verdict ?? ""] || shown * 0.62;
    pen.beginPath();
    pen.roundRect(left, top + 3, width, LANE - 7, Math.min(3, width / 2));
    pen.fill();
    pen.globalAlpha = shown;
    if (item.verdict === "wrong") {
      pen.strokeStyle = color;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.moveTo(left, top + LANE / 2 - 0.5);
      pen.lineTo(left + width, top + LANE / 2 - 0.5);
      pen.stroke();
    }
    if (item.verdict && width > 18) {
      pen.fillStyle = item.verdict === "wrong" ? this.color.text : this.color.ground;
      pen.textAlign = "center";
      pen.fillText({ right: "✓", wrong: "✕", unsure: "?" }[item.verdict], left + Math.min(width / 2, 12), top + LANE / 2);
    }
    pen.globalAlpha = 1;
    if (item === this.current) {
      pen.strokeStyle = this.color.text;
      pen.lineWidth = 2;
      pen.strokeRect(left - 1, top + 2, width + 2, LANE - 5);
    }
  }

  // Mouse and touch

  listen() {
    const fingers = new Map();
    for (const canvas of [this.sound, this.canvas]) {
      canvas.addEventListener("pointerdown", (event) => this.down(event, canvas, fingers));
      canvas.addEventListener("pointermove", (event) => this.move(event, fingers));
      for (const kind of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(kind, (event) => this.up(event, fingers));
      }
    }
    this.tracks.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  place(event) {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event, canvas, fingers) {
    if (event.button > 0) return;
    const at = this.place(event);
    fingers.set(event.pointerId, at);
    canvas.setPointerCapture(event.pointerId);
    const kind = canvas === this.canvas ? "pan" : at.y < OVERVIEW ? "overview" : at.y < OVERVIEW + RULER ? "scrub" : "mark";
    this.drag = { kind, start: at, from: this.from, to: this.to, moved: false, canvas };
    if (kind === "overview" || kind === "scrub") this.dragged(at);
  }

  move(event, fingers) {
    if (!fingers.has(event.pointerId)) return;
    const before = fingers.get(event.pointerId);
    const at = this.place(event);
    fingers.set(event.pointerId, at);
    if (fingers.size === 2) {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const ratio = Math.max(Math.abs(before.x - other.x), 8) / Math.max(Math.abs(at.x - other.x), 8);
      this.zoom(ratio, this.time((at.x + other.x) / 2));
      this.drag = null;
    } else if (this.drag) {
      this.drag.moved ||= Math.abs(at.x - this.drag.start.x) > 4;
      if (this.drag.moved || this.drag.kind === "scrub") this.dragged(at);
    }
  }

  dragged(at) {
    const { kind, start, from, to } = this.drag;
    if (kind === "overview") {
      const half = (this.to - this.from) / 2;
      const middle = ((at.x - this.gutter) / (this.width - this.gutter)) * this.model.duration;
      this.lookAt(middle - half, middle + half);
    } else if (kind === "scrub") {
      this.actions.seek(this.time(at.x));
    } else if (kind === "pan") {
      const moved = ((at.x - start.x) / (this.width - this.gutter)) * (to - from);
      this.lookAt(from - moved, to - moved);
    } else {
      const bound = (time) => Math.min(Math.max(time, 0), this.model.duration);
      const ends = [bound(this.time(start.x)), bound(this.time(at.x))];
      this.marked = [Math.min(...ends), Math.max(...ends)];
      this.draw();
    }
  }

  up(event, fingers) {
    fingers.delete(event.pointerId);
    const drag = this.drag;
    this.drag = null;
    if (!drag || event.type === "pointercancel") return;
    if (drag.kind === "mark" && drag.moved) return this.actions.marked(this.marked);
    if (drag.moved || drag.kind === "overview" || drag.kind === "scrub") return;
    const item = drag.kind === "pan" ? this.hit(drag.start) : null;
    if (item) return this.actions.choose(item);
    this.unmark();
    if (drag.start.x > this.gutter) this.actions.seek(this.time(drag.start.x));
  }

  unmark() {
    this.marked = null;
    this.draw();
  }

  hit({ x, y }) {
    const row = this.rows[Math.floor((y + this.lanes.scrollTop) / LANE)];
    const near = (item) => Math.max(this.x(item.onset) - x, x - this.x(item.offset), 0);
    const found = row?.items.filter((item) => item.passes && near(item) < NEAR) ?? [];
    return found.sort((a, b) => near(a) - near(b) || a.offset - a.onset - (b.offset - b.onset))[0] ?? null;
  }

  wheel(event) {
    const overLanes = this.lanes.contains(event.target);
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (overLanes && !event.ctrlKey && !sideways && this.lanes.scrollHeight > this.lanes.clientHeight) return;
    event.preventDefault();
    const amount = event.deltaMode === 1 ? 16 : 1;
    if (sideways) {
      const delta = (event.deltaX || event.deltaY) * amount;
      const moved = (delta / (this.width - this.gutter)) * (this.to - this.from);
      this.lookAt(this.from + moved, this.to + moved);
    } else {
      const x = event.clientX - this.tracks.getBoundingClientRect().left;
      this.zoom(Math.exp((event.deltaY * amount) / 400), this.time(Math.max(x, this.gutter)));
    }
  }
}

/** Events by label, the labels of most events first, then as they come; what others found of one right below it. */
function lanesOf(items) {
  const rows = new Map();
  const counts = new Map();
  const first = new Map();
  for (const item of items) {
    const { shownName: name, baseName: base, lane = 0 } = item;
    if (!rows.has(name)) rows.set(name, { name, base, lane, items: [] });
    rows.get(name).items.push(item);
    counts.set(base, (counts.get(base) ?? 0) + 1);
    first.set(base, Math.min(first.get(base) ?? Infinity, item.onset));
  }
  const alphabetic = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows.values()].sort((a, b) => (
    counts.get(b.base) - counts.get(a.base) || first.get(a.base) - first.get(b.base) ||
    alphabetic(a.base, b.base) || a.lane - b.lane
  ));
}

function fit(canvas, width, height, ratio) {
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

/** A grey picture in colours: each shade takes one ink. */
function inked(image, stops) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  const inks = new Uint32Array(256);
  for (let shade = 0; shade < 256; shade += 1) inks[shade] = ink(shade / 255, stops);
  const words = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < words.length; i += 1) words[i] = inks[words[i] & 255];
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function ink(share, stops) {
  const above = Math.max(1, stops.findIndex(([place]) => place >= share));
  const [low, high] = [stops[above - 1], stops[above]];
  const part = (share - low[0]) / (high[0] - low[0]);
  const [red, green, blue] = [1, 2, 3].map((n) => Math.round(low[n] + part * (high[n] - low[n])));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
