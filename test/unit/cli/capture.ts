import { run } from "../../../lib/cli/run.ts";

/** Runs a command line in this process, with strings in place of the two streams. */
export async function torchner(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof out) => ({
    write: (text: string) => {
      out[name] += text;
    },
  });
  const code = await run(argv, { stdout: stream("stdout"), stderr: stream("stderr") });
  return { code, ...out };
}
