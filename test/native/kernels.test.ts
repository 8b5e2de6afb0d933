/** The CPU's kernels, each instruction set beside plain loops; `native/kernels/kernel_test.cc` does the comparing. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { jest } from "@jest/globals";
import { addonPath } from "../../lib/native/load.ts";
import { patience, projectRoot } from "../support/shared.ts";

const program = join(dirname(addonPath), "kernel_test");
// Some run Jest, once for each set of kernels.
jest.setTimeout(300_000 * patience);

test("every set of kernels that this CPU has computes what the plain loops do", () => {
  const { status, stdout, stderr } = spawnSync(program, { encoding: "utf8" });
  expect({
    status,
    stderr,
    differences: stdout.split("\n").filter((line) => !/checks$|^$/.test(line)),
  }).toEqual({
    ...{ status: 0, stderr: "" },
    differences: [],
  });
  expect(stdout).toMatch(/^baseline: \d{3,} checks$/m);
});

/** Jest on test/native's files of these names, on the given set of kernels. */
function testOn(set: string, names: readonly string[]) {
  const runner = join(projectRoot, "node_modules", "jest", "bin", "jest.js");
  const files = names.map((name) => `test/native/${name}.test.ts`);
  return spawnSync(
    process.execPath,
    ["--experimental-vm-modules", "--no-warnings", runner, ...files, "--runInBand", "--reporters=default"],
    { cwd: projectRoot, encoding: "utf8", env: { ...process.env, TORCHNER_KERNELS: set } },
  );
}

test("models train and answer alike on every set", () => {
  const sets = spawnSync(program, { encoding: "utf8" }).stdout.match(/^\w+(?=:)/gm) ?? [];
  expect(sets.at(-1)).toBe("reference");
  // The first is what the whole suite runs on.
  for (const set of sets.slice(1)) {
    const { status, stderr } = testOn(set, ["fused_encoder", "adamw", "packed_model"]);
    expect([set, status, status === 0 ? "" : stderr]).toEqual([set, 0, ""]);
  }
});

test("a set that this CPU does not have is refused with those that it has", () => {
  const { status, stderr } = testOn("avx1024", ["packed_model"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/TORCHNER_KERNELS=avx1024 names no kernels .* give one of .*baseline, reference/);
});
