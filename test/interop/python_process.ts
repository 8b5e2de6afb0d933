import { spawn } from "node:child_process";
import { join } from "node:path";
import { interopPython, scriptFolder } from "./environment.mjs";

/** Runs a script of `python/` with a request as JSON on standard input; its answer is one JSON document. */
export function runPython<Answer>(script: string, request: unknown): Promise<Answer> {
  const child = spawn(interopPython(), [join(scriptFolder, script)], {
    // The suite compares CPU results and must not reach for a hub.
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "", HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false" },
  });
  let output = "";
  let messages = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  child.stdin.on("error", () => {}); // the exit status and standard error tell more
  child.stdin.end(JSON.stringify(request));
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new Error(`Python does not start; run: node test/interop/setup.mjs`, { cause: error })),
    );
    child.on("close", (status) => {
      if (status === 0) resolve(JSON.parse(output) as Answer);
      else reject(new Error(`${script} ended with status ${status}:\n${messages.slice(-4000)}`));
    });
  });
}
