/**
 * `ci_summary.mjs FILE...`: one line, summed from the results that the runners wrote. A file that is not
 * there stands for a runner that did not get that far, and counts as a failure.
 */
import { existsSync, readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  if (!existsSync(file)) {
    console.error(`${file} was not written: that part of the run did not reach its tests`);
    failed += 1;
    continue;
  }
  // A suite that did not load has no tests of its own to count.
  const {
    numPassedTests,
    numFailedTests,
    numRuntimeErrorTestSuites = 0,
  } = JSON.parse(readFileSync(file, "utf8"));
  passed += numPassedTests;
  failed += numFailedTests + numRuntimeErrorTestSuites;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
