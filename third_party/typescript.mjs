/** Compiles `lib` into `dist` when a source changed; an installed package has only `dist`. */
import { chmodSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { buildFolder, projectRoot } from "./paths.mjs";
import { lastWords, run } from "./process.mjs";
import { fingerprint, readStamp, writeStamp } from "./stamps.mjs";

const stampName = "typescript";
const dist = join(projectRoot, "dist");

function inputs() {
  return fingerprint(["lib", "tsconfig.json", "tsconfig.build.json", "package-lock.json"]);
}

export function typescriptIsCurrent() {
  return existsSync(join(dist, "cli", "main.js")) && readStamp(stampName).inputs === inputs();
}

/** Builds aside and swaps, so that a deleted module does not live on and a running program keeps its files. */
export async function compileTypescript() {
  const stamp = { inputs: inputs() };
  const fresh = join(buildFolder, "dist");
  rmSync(fresh, { recursive: true, force: true });
  const compiler = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
  const args = [compiler, "-p", join(projectRoot, "tsconfig.build.json"), "--outDir", fresh];
  const result = await run(process.execPath, args, { cwd: projectRoot });
  if (result.status !== 0) throw new SetupError(`TypeScript did not compile:\n${lastWords(result, 60)}`);
  chmodSync(join(fresh, "cli", "main.js"), 0o755);
  const old = join(buildFolder, "dist.old");
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
  writeStamp(stampName, stamp);
}
