/** Child processes of the setup: they never write to our standard output, which belongs to `--json`. */
import { spawn } from "node:child_process";

/**
 * Runs a program to its end and keeps what it said. A program that does not exist gives status 127.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ input?: string, cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ status: number, stdout: string, stderr: string }>}
 */
export function run(program, args, { input, cwd, env = process.env, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      let rest = "";
      child[name]?.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        said[name] += text;
        if (!onLine) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.trim()) onLine(line);
      });
    }
    child.on("error", (error) => resolve({ status: 127, stdout: "", stderr: error.message }));
    child.on("close", (status) => resolve({ status: status ?? 1, ...said }));
    if (input !== undefined) {
      child.stdin?.on("error", () => {}); // a program that ends before it has read all has said why already
      child.stdin?.end(input);
    }
  });
}

/**
 * The last lines of a failed program, for an error message.
 * @param {{ stdout: string, stderr: string }} result
 * @param {number} [lines]
 */
export function lastWords({ stdout, stderr }, lines = 12) {
  return `${stdout}\n${stderr}`.trim().split("\n").slice(-lines).join("\n");
}
