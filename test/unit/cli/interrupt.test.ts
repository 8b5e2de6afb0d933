import { failureOf } from "../../../lib/cli/failure.ts";
import { untilStopped } from "../../../lib/cli/interrupt.ts";
import { TorchnerError } from "../../../lib/native/errors.ts";

const listeners = () => process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s aborts the work once and ends with %i; the next one is the system's", async (name, exit) => {
  const before = listeners();
  const work = async (signal: AbortSignal) => {
    expect(listeners()).toBe(before + 2);
    process.emit(name, name);
    expect([signal.aborted, signal.reason, listeners()]).toEqual([true, name, before]);
    throw new TorchnerError("EABORT", "Training was stopped by its signal.");
  };
  const error = await untilStopped(work).catch((caught) => caught);
  expect(error).toMatchObject({ code: "EABORT", cause: name });
  expect(failureOf(error)).toMatchObject({ code: "EABORT", exit });
  expect(listeners()).toBe(before);
});

test("a signal that comes too late to stop the work is not lost", async () => {
  const work = async () => process.emit("SIGINT", "SIGINT");
  await expect(untilStopped(work)).rejects.toMatchObject({ code: "EABORT", cause: "SIGINT" });
});

test("without a signal the work's result and errors come through, and no listener stays", async () => {
  const before = listeners();
  await expect(untilStopped(async () => 7)).resolves.toBe(7);
  await expect(untilStopped(() => Promise.reject(new Error("disk")))).rejects.toThrow("disk");
  expect(listeners()).toBe(before);
});
