/** The machine itself as a contender: multiply-adds on registers, measured in turn with those who try to reach it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lastWords, run } from "../../third_party/process.mjs";
import { contenders, reports } from "../places.mjs";
import { serve } from "./serve.mjs";

await serve(async ({ threads }) => {
  const program = await compile();
  return async () => {
    const { status, stdout } = await run(program, [String(threads), "0.3"]);
    if (status !== 0) throw new Error(`${program} ended with status ${status}`);
    const [fp32, bf16] = stdout.trim().split(" ").map(Number);
    return { fp32, bf16 };
  };
});

async function compile() {
  mkdirSync(reports, { recursive: true });
  const program = join(reports, "fma_peak");
  const compiler = process.env.CXX || "c++";
  const flags = ["-std=c++20", "-O3", "-march=native", "-pthread", "-o", program];
  const result = await run(compiler, [...flags, join(contenders, "fma_peak.cc")]);
  if (result.status !== 0) throw new Error(`${compiler}: ${lastWords(result)}`);
  return program;
}
