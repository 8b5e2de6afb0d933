import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findBreaches } from "../../../scripts/rooms.mjs";
import { projectRoot } from "../../support/shared.ts";
import { temporaryFolder, writeFiles } from "./temporary.ts";

const folder = temporaryFolder();

describe("the walls between the rooms", () => {
  test.each([
    ["native/core/device.cc", "#include <napi.h>", "only native/bind and native/addon.cc know napi"],
    ["native/nn/bert.cc", '#include "bind/handle.h"', "native/bind is included by nothing but"],
    ["native/bind/a.cc", '#include "tokenizer/rust/torchner_tokenizer.h"', "only native/tokenizer knows"],
    ["native/io/zip_directory.cc", "#include <ATen/ATen.h>", "test/fuzz drives this reader without torch"],
    ["lib/model/a.ts", 'require("../../build/Release/torchner.node");', "only lib/native/load.ts opens"],
    ["lib/metrics/a.ts", 'import { Trainer } from "../training/trainer.ts";', "metrics is below training"],
    ["lib/model/a.ts", 'const { run } = await import("../cli/run.ts");', "model is below cli"],
    ["lib/data/a.ts", 'import { native } from "../native/load.ts";', "data works without the addon"],
    ["lib/cli/a.ts", 'import { Trainer } from "../index.ts";', "lib/index.ts is for users"],
  ])("%s: %s", (path, line, what) => {
    expect(findBreaches([{ path, text: `// first line\n${line}\n` }])).toEqual([
      expect.stringContaining(`${path}:2: ${what}`),
    ]);
  });

  test.each([
    ["native/bind/a.cc", "#include <napi.h>"],
    ["native/addon.cc", '#include "bind/handle.h"'],
    ["native/tokenizer/tokenizer.cc", '#include "tokenizer/rust/torchner_tokenizer.h"'],
    ["native/io/torch_file.cc", "#include <ATen/ATen.h>"],
    ["lib/training/a.ts", 'import { AdamW } from "../optim/adamw.ts";'],
    ["lib/cli/commands/a.ts", 'import { run } from "../run.ts";'],
    ["lib/hub/a.ts", 'import { cacheFolder } from "../../third_party/paths.mjs";'],
    ["lib/index.ts", 'export { Trainer } from "./training/trainer.ts";'],
    ["lib/native/load.ts", 'join(root, "torchner.node")'],
  ])("%s may: %s", (path, line) => {
    expect(findBreaches([{ path, text: line }])).toEqual([]);
  });

  test("a new room must be given a floor", () => {
    const source = { path: "lib/newroom/a.ts", text: 'import { a } from "../native/errors.ts";' };
    expect(() => findBreaches([source])).toThrow("give it a floor");
  });
});

describe("the last line of .ci/run", () => {
  function summary(files: Record<string, object>, names = Object.keys(files)) {
    writeFiles(folder(), Object.fromEntries(Object.entries(files).map(([k, v]) => [k, JSON.stringify(v)])));
    const args = [
      join(projectRoot, "scripts", "ci_summary.mjs"),
      ...names.map((name) => join(folder(), name)),
    ];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    return { line: stdout.trim(), status };
  }

  test("sums the runners' own results", () => {
    const files = {
      a: { numPassedTests: 10, numFailedTests: 0, numRuntimeErrorTestSuites: 0 },
      b: { numPassedTests: 5, numFailedTests: 0 },
    };
    expect(summary(files)).toEqual({ line: "15 passed, 0 failed", status: 0 });
  });

  test("counts failed tests, suites that did not load, and runners that did not get to their tests", () => {
    const files = { a: { numPassedTests: 10, numFailedTests: 2, numRuntimeErrorTestSuites: 1 } };
    expect(summary(files, ["a", "never-written"])).toEqual({ line: "10 passed, 4 failed", status: 1 });
  });
});
