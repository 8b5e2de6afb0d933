/** What infer asks of every pipeline in Node: each call timed by itself. */
import { timed } from "./serve.mjs";

/** @param {(input: string | string[]) => Promise<unknown>} pipe */
export function answerCalls(pipe) {
  return async ({ calls }) => {
    const seconds = [];
    for (const input of calls) seconds.push((await timed(() => pipe(input))).seconds);
    return { seconds };
  };
}
