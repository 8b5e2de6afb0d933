import { Terminal, type TerminalOptions } from "../../../lib/cli/terminal.ts";

function terminal(options: TerminalOptions & { isTTY?: boolean } = {}) {
  const out = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof out) => ({
    isTTY: options.isTTY,
    write: (text: string) => {
      out[name] += text;
    },
  });
  const made = new Terminal({ env: {}, stdout: stream("stdout"), stderr: stream("stderr"), ...options });
  return { out, terminal: made };
}

function sayAll(one: Terminal): void {
  one.note("note");
  one.warn("warn");
  one.result("result");
  one.document({ a: 1 });
}

test("results go to standard output and the rest to standard error", () => {
  const { out, terminal: one } = terminal();
  sayAll(one);
  expect(out).toEqual({ stdout: "result\n", stderr: "note\nwarning: warn\n" });
});

test("with --json standard output holds the document alone", () => {
  const { out, terminal: one } = terminal({ json: true });
  sayAll(one);
  expect(JSON.parse(out.stdout)).toEqual({ a: 1 });
  expect(out.stderr).toBe("note\nwarning: warn\n");
});

test("--quiet leaves out notes and keeps warnings", () => {
  const { out, terminal: one } = terminal({ quiet: true });
  sayAll(one);
  expect(out).toEqual({ stdout: "result\n", stderr: "warning: warn\n" });
});

test.each([
  [true, {}, true],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, {}, false],
])("on a terminal: %p, with %j, colour: %p", (isTTY, env, coloured) => {
  const { terminal: one } = terminal({ isTTY, env });
  expect(one.paint("red", "x") !== "x").toBe(coloured);
});
