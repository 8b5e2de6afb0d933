/** Contenders take turns, A B C A B C, so that a busy machine is busy for all of them. */
import { Contender, Unavailable } from "./contender.mjs";

/**
 * @typedef {{ name: string, script: string, settings: object }} Entry
 * @typedef {{ name: string, answers: any[], peakMegabytes?: number, unavailable?: string }} Finish
 */

/**
 * Every contender gets every request, and each of `warmUp` before. One that cannot go on is left out with its reason.
 * @param {Entry[]} entries
 * @param {{ warmUp?: object[], requests: object[], log: (line: string) => void }} course
 * @returns {Promise<Finish[]>}
 */
export async function race(entries, { warmUp = [], requests, log }) {
  const runners = [];
  try {
    for (const entry of entries) {
      log(`${entry.name}: starting`);
      const runner = { name: entry.name, answers: [] };
      runners.push(runner);
      await tryTo(runner, async () => {
        runner.contender = await Contender.start(entry);
        for (const request of warmUp) await runner.contender.ask(request);
      });
    }
    for (const [turn, request] of requests.entries()) {
      log(`turn ${turn + 1} of ${requests.length}`);
      for (const runner of runners) {
        await tryTo(runner, async () => runner.answers.push(await runner.contender.ask(request)));
      }
    }
    return runners.map(({ contender, ...finish }) => ({
      ...finish,
      peakMegabytes: contender?.peakMegabytes,
    }));
  } finally {
    for (const { contender } of runners) await contender?.stop();
  }
}

async function tryTo(runner, work) {
  if (runner.unavailable) return;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    runner.unavailable = error.message;
    runner.answers = [];
  }
}
