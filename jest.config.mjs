// As lib/native/load.ts, which sees only a copy of the environment inside Jest: test files share two cores.
process.env.GOMP_SPINCOUNT ??= "2000";
// A name that is no folder is looked for on the hub; tests of the hub have one of their own.
process.env.HF_HUB_OFFLINE ??= "1";

export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" } },
    ],
  },
  reporters: ["default", "<rootDir>/test/support/skipped_reporter.mjs"],
  testTimeout: 60_000 * Number(process.env.TORCHNER_TEST_PATIENCE ?? 1),
};
