import { exitCodes } from "../../../lib/cli/exit_codes.ts";
import { failureOf } from "../../../lib/cli/failure.ts";
import { type ErrorCode, TorchnerError } from "../../../lib/native/errors.ts";

test.each([
  ["EUSAGE", 2],
  ["EDATA", 3],
  ["ECHECKPOINT", 3],
  ["EENV", 4],
  ["EOOM", 5],
  ["ENONFINITE", 6],
  ["EIO", 7],
] as const)("%s ends the process with %i", (code, exit) => {
  expect(failureOf(new TorchnerError(code, "why"))).toEqual({ code, message: "why", exit });
});

test("a wrong argument inside is a usage error outside", () => {
  expect(failureOf(new TorchnerError("EARG", "why"))).toEqual({ code: "EUSAGE", message: "why", exit: 2 });
});

test("the operating system's errors are input/output errors", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  expect(failureOf(full)).toMatchObject({ code: "EIO", exit: 7 });
});

test("the setup's error, which has a code and another class, keeps its code", () => {
  expect(failureOf(Object.assign(new Error("no cmake"), { code: "EENV" }))).toMatchObject({
    code: "EENV",
    exit: 4,
  });
});

test.each([
  [new TypeError("x is not a function")],
  ["thrown text"],
  [undefined],
])("an unforeseen %p ends with 1", (error) => {
  expect(failureOf(error)).toMatchObject({ code: "EINTERNAL", exit: 1 });
});

test("no error ends with 0, or with the code of a run that can be resumed", () => {
  for (const code of Object.keys(exitCodes) as ErrorCode[]) expect([0, 75]).not.toContain(exitCodes[code]);
});
