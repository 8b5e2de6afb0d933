/** A program from its start to its end, as a user waits for it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { peakMegabytes } from "../peak_memory.mjs";
import { serve, timed } from "./serve.mjs";

await serve(async ({ program, args, output }) => async () => {
  rmSync(output, { recursive: true, force: true });
  const { seconds, result } = await timed(() => runToEnd(program, args));
  return { seconds, peakMegabytes: result };
});

async function runToEnd(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said = (said + text).slice(-2000);
  });
  // Its count is gone with the process, and a peak never falls: the last look before the end is close to it.
  let peak;
  const watch = setInterval(() => {
    peak = peakMegabytes(child.pid) ?? peak;
  }, 50);
  const [status, signal] = await once(child, "close");
  clearInterval(watch);
  if (status !== 0) throw new Error(`ended with ${signal ?? status}: ${said}`);
  return peak;
}
