/** A contender's end of the protocol of ../contender.mjs, in JavaScript. */
import { createInterface } from "node:readline";

/**
 * @param {(settings: any) => Promise<(request: any) => Promise<object>>} prepare  loads all, gives what answers a request
 */
export async function serve(prepare) {
  const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  try {
    const work = await prepare(JSON.parse(process.argv[2]));
    answer({ ready: true });
    for await (const line of createInterface({ input: process.stdin })) answer(await work(JSON.parse(line)));
  } catch (error) {
    answer({ unavailable: error.message });
  }
}

/** Seconds that `work` takes, and what it gives. */
export async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1000, result };
}
