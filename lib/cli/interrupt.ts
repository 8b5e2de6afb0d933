import { TorchnerError } from "../native/errors.ts";

/** How a process that a signal ended is reported: 128 and the signal's number. */
export const signalExits = { SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof signalExits;

/** The cause of an `EABORT` whose work can be taken up again; the process ends with 75. */
export class Resumable {
  constructor(readonly signal: StopSignal) {}
}

/**
 * Runs work that Ctrl-C or a termination should stop in order: the first signal aborts the work's AbortSignal, with
 * the signal's name as the reason; a second one ends the process at once, as it would without us.
 * @throws {TorchnerError} `EABORT`, its cause the signal's name, when a signal came, even if the work ended before
 *   it looked.
 */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const names = Object.keys(signalExits) as StopSignal[];
  const stop = (name: NodeJS.Signals) => {
    release();
    controller.abort(name);
  };
  const release = () => {
    for (const name of names) process.removeListener(name, stop);
  };
  for (const name of names) process.on(name, stop);
  try {
    const result = await work(controller.signal);
    if (!controller.signal.aborted) return result;
  } catch (error) {
    if (!controller.signal.aborted || (error as TorchnerError).code !== "EABORT") throw error;
  } finally {
    release();
  }
  const cause = controller.signal.reason;
  throw new TorchnerError("EABORT", `stopped by ${cause}`, { cause });
}
