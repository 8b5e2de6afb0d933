/** Where and with what a report was made. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { runtimeInfo } from "torchner";
import { pinnedVersions } from "../test/interop/environment.mjs";
import { projectRoot } from "../third_party/paths.mjs";

export async function describeMachine() {
  const { torchVersion, cpuCapability, kernels } = await runtimeInfo();
  const { dependencies } = JSON.parse(
    readFileSync(join(projectRoot, "bench", "peers", "package.json"), "utf8"),
  );
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    // Of the machine before the first contender: whoever reads the figures wants to know that it was quiet.
    load: loadavg()[0],
    cpuCapability,
    kernels,
    node: process.version,
    libtorch: torchVersion,
    commit: commit(),
    peers: { ...pinnedVersions(), ...dependencies },
  };
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: projectRoot,
      encoding: "utf8",
    }).trim();
  } catch {
    return undefined;
  }
}
