/** From what a race measured to the figures of a report: medians, spreads, and torchner beside each peer. Pure. */
import { ratios, spread } from "./stats.mjs";

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {boolean} [peer]     left out by --alone
 * @property {string} [rival]     name of the torchner entry that it is compared with
 * @property {number} [target]    how many times better the rival is meant to be
 * @property {number} [memoryTarget]  share of this one's memory that the rival is meant to stay under
 */

/**
 * @param {object} about
 * @param {string} about.title
 * @param {string} about.unit
 * @param {"more" | "less"} about.better
 * @param {Entry[]} about.entries
 * @param {import("./race.mjs").Finish[]} about.finishes
 * @param {(answer: any, turn: number) => number} about.value
 * @returns {{ title: string, rows: any[] }}
 */
export function sectionOf({ title, unit, better, entries, finishes, value }) {
  const samples = new Map(finishes.map(({ name, answers }) => [name, answers.map(value)]));
  const memory = new Map(finishes.map(({ name, peakMegabytes }) => [name, peakMegabytes]));
  const rows = entries.map((entry) => {
    const { unavailable } = finishes.find(({ name }) => name === entry.name);
    if (unavailable) return { name: entry.name, unavailable };
    return {
      ...figure(entry.name, unit, samples.get(entry.name)),
      peakMegabytes: memory.get(entry.name),
      ...(samples.get(entry.rival)?.length && { comparison: compare(entry, samples, memory, better) }),
    };
  });
  return { title, rows };
}

/**
 * A row of its own unit.
 * @param {string} name
 * @param {string} unit
 * @param {number[]} samples
 * @param {{ atLeast?: number, atMost?: number }} [goal]
 */
export function figure(name, unit, samples, goal = {}) {
  const { atLeast, atMost } = goal;
  const figures = spread(samples);
  const met = atLeast !== undefined ? figures.median >= atLeast : figures.median <= atMost;
  const target = atLeast ?? atMost;
  return { name, unit, samples, ...figures, ...(target !== undefined && { target: { ...goal, met } }) };
}

function compare({ name, rival, target, memoryTarget }, samples, memory, better) {
  const [theirs, ours] = [samples.get(name), samples.get(rival)];
  const times = spread(better === "more" ? ratios(ours, theirs) : ratios(theirs, ours));
  const share = memory.get(rival) / memory.get(name);
  return {
    ...{ rival, times },
    ...(target && { target: { atLeast: target, met: times.median >= target } }),
    ...(Number.isFinite(share) && { memory: share }),
    ...(memoryTarget && { memoryTarget: { atMost: memoryTarget, met: share <= memoryTarget } }),
  };
}
