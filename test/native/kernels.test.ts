/** The CPU's kernels, each instruction set beside plain loops; `native/kernels/kernel_test.cc` does the comparing. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../support/shared.ts";

test("every set of kernels that this CPU has computes what the plain loops do", () => {
  const program = join(projectRoot, "build", "Release", "kernel_test");
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
