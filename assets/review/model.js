/** What was heard: the data that came with the page, made easy to ask. */

import { currentLanguage } from "./words.js";

export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The first place in a rising array whose value is above `value`. */
export function placeAfter(array, value) {
  let low = 0;
  let high = array.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (array[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Model {
  constructor(data) {
    this.data = data;
    this.duration = data.duration_s;
    this.names = data.labels.map((label) => label[0]);
    this.placeOf = new Map(this.names.map((name, place) => [name, place]).reverse());
    const { id, label, onset_ms: onset, offset_ms: offset, score, lane } = data.events;
    this.events = id.map((each, n) => ({
      id: each, label: label[n], onset: onset[n] / 1000, offset: offset[n] / 1000, score: score[n], lane: lane[n],
    }));
    this.best = {
      n: data.best.n,
      times: new Int32Array(bytesOf(data.best.times).buffer),
      classes: new Uint16Array(bytesOf(data.best.classes).buffer),
      scores: bytesOf(data.best.scores),
    };
  }

  /** A class's name in the language of the page; -1 stands for a label that is none of the model's. */
  nameOf(item) {
    if (item.label < 0) return item.name;
    return this.data.labels[item.label][currentLanguage() === "zh" ? 1 : 0];
  }

  familyOf(item) {
    return item.label < 0 ? "" : this.data.labels[item.label][2];
  }

  /** A label by its name as it stands in a file of verdicts. */
  labelOf(name) {
    return { label: this.placeOf.get(name) ?? -1, name };
  }

  /** The label that somebody types in full: a class of this name, in any case, or one of their own. */
  labelNamed(text) {
    const name = text.trim().replace(/\s+/gu, " ");
    const place = this.data.labels.findIndex((names) => names.slice(0, 2).some((each) => each.toLowerCase() === name.toLowerCase()));
    return this.labelOf(place < 0 ? name : this.names[place]);
  }

  /** Row of the table of best tags whose time is nearest. */
  rowAt(time) {
    const ms = 1000 * time;
    const after = placeAfter(this.best.times, ms);
    if (!after) return 0;
    if (after === this.best.times.length) return after - 1;
    return ms - this.best.times[after - 1] <= this.best.times[after] - ms ? after - 1 : after;
  }

  /** Scores of the best classes at a time, by class. */
  scoresAt(time) {
    const { n, classes, scores } = this.best;
    const row = this.rowAt(time);
    const found = new Map();
    for (let i = row * n; i < (row + 1) * n; i += 1) found.set(classes[i], scores[i] / 255);
    return found;
  }

  /** The classes that score best within a stretch, best first; at most nine. */
  bestWithin(onset, offset, except) {
    const { n, classes, scores } = this.best;
    const first = this.rowAt(onset);
    const last = this.rowAt(offset);
    const step = Math.max(1, Math.floor((last - first) / 200));
    const sums = new Map();
    for (let row = first; row <= last; row += step) {
      for (let i = row * n; i < (row + 1) * n; i += 1) {
        sums.set(classes[i], (sums.get(classes[i]) ?? 0) + scores[i]);
      }
    }
    sums.delete(except);
    return [...sums].sort((one, other) => other[1] - one[1]).slice(0, 9).map(([label]) => label);
  }

  /** Labels that hold a text: of people's own, then classes by their English or Chinese name, the nearest first. */
  search(text, own = [], limit = 60) {
    const wanted = text.trim().toLowerCase();
    const given = own.filter((name) => name.toLowerCase().includes(wanted)).map((name) => this.labelOf(name));
    return [...given, ...this.classes(wanted, limit).map((label) => ({ label, name: this.names[label] }))];
  }

  classes(wanted, limit) {
    const found = [];
    this.data.labels.forEach(([english, chinese], label) => {
      const places = [english, chinese].map((name) => name.toLowerCase().indexOf(wanted));
      const place = Math.min(...places.map((each) => (each < 0 ? Infinity : each)));
      if (place < Infinity) found.push([place === 0 ? 0 : 1, english.length, label]);
    });
    found.sort((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2]);
    return found.slice(0, limit).map((each) => each[2]);
  }
}
