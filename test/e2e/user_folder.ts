/** A user's project: a folder of its own that has torchner installed (a link to this checkout) and the examples. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/shared.ts";

export function makeUserFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "torchner-user-"));
  writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true, "type": "module" }\n');
  mkdirSync(join(folder, "node_modules", ".bin"), { recursive: true });
  symlinkSync(projectRoot, join(folder, "node_modules", "torchner"));
  // npm makes such a file executable when it installs a package; a compiled one is not by itself.
  const main = join(projectRoot, "dist", "cli", "main.js");
  writeFileSync(
    join(folder, "node_modules", ".bin", "torchner"),
    `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`,
    { mode: 0o755 },
  );
  cpSync(join(projectRoot, "examples"), join(folder, "examples"), { recursive: true });
  return folder;
}

/** Runs a shell script there, to its end. */
export function runIn(folder: string, script: string, seconds: number) {
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder,
    encoding: "utf8",
    timeout: 1000 * seconds,
    // Other test files compute at the same time: OpenMP's threads must not spin while they wait for a core.
    env: { ...process.env, OMP_WAIT_POLICY: "passive" },
  });
  return { status, stdout, stderr };
}
