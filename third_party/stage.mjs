/** A stage of setting up a checkout: one process at a time does it, and only where it is not done. */
import { withLock } from "./lock.mjs";
import { logToStderr } from "./setup.mjs";

/**
 * @param {string} name
 * @param {() => boolean} isDone  asked again, since another process may have held the lock
 * @param {() => Promise<void>} work
 */
export async function stage(name, isDone, work) {
  if (isDone()) return;
  await withLock(logToStderr, async () => {
    if (isDone()) return;
    logToStderr(name);
    const start = performance.now();
    await work();
    logToStderr(`${name} took ${((performance.now() - start) / 1000).toFixed(0)} s`);
  });
}
