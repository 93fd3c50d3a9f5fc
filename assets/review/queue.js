/** In which order events are listed, which is the order in which they are judged. */

export const ORDERS = ["time", "balanced", "doubt", "sureness", "random", "byLabel", "conflict"];

/** A number that looks random, but is the same for the same text. */
export function hashed(text) {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const BY = {
  time: (item) => item.onset,
  sureness: (item) => -item.score,
  doubt: (item, model) => Math.abs(item.score - (model.data.thresholds[item.label] ?? 0)),
  random: (item) => hashed(item.id),
  conflict: (item) => (item.conflict ? 0 : 1),
};
const BINS = 5;

export function ordered(items, order, model) {
  if (order === "balanced") return balanced(items);
  if (order === "byLabel") {
    const compare = new Intl.Collator().compare;
    return [...items].sort((a, b) => compare(a.shownName, b.shownName) || a.onset - b.onset);
  }
  const keys = new Map(items.map((item) => [item, BY[order](item, model)]));
  return [...items].sort((a, b) => keys.get(a) - keys.get(b) || a.onset - b.onset);
}

/** Of each label in turn one of each range of scores, so that few verdicts tell much. */
function balanced(items) {
  const bins = new Map();
  for (const item of [...items].sort((a, b) => hashed(a.id) - hashed(b.id))) {
    const bin = Math.min(BINS - 1, Math.floor(item.score * BINS));
    const labels = bins.get(bin) ?? bins.set(bin, new Map()).get(bin);
    const own = labels.get(item.shownName) ?? labels.set(item.shownName, []).get(item.shownName);
    own.push(item);
  }
  const rounds = [];
  for (const labels of bins.values()) {
    for (const own of labels.values()) {
      own.forEach((item, round) => (rounds[round] ??= []).push(item));
    }
  }
  return rounds.flat();
}

/** The next event after one that is not judged, round the end; `null` if there is none. */
export function nextOpen(items, current) {
  const place = items.findIndex((item) => item.id === current);
  const after = [...items.slice(place + 1), ...items.slice(0, Math.max(place, 0))];
  return after.find((item) => !item.verdict) ?? null;
}
