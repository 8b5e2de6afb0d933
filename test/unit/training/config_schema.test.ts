import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { knownKeys } from "../../../lib/training/check_options.ts";
import { readConfigFile } from "../../../lib/training/config_file.ts";
import { configSchema } from "../../../lib/training/config_schema.ts";
import type { OptionSpec } from "../../../lib/training/option_types.ts";
import { trainOptions } from "../../../lib/training/options.ts";
import { type PortedOption, portedArguments } from "../../../lib/training/ported_options.ts";

type Schema = { [key: string]: unknown; properties: Record<string, Schema> };
const schema = JSON.parse(JSON.stringify(configSchema("train", trainOptions))) as Schema;
const folder = mkdtempSync(join(tmpdir(), "torchner-schema-"));

const typeName = (value: unknown) =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/** Checks one keyword of draft-07; one that this test does not know fails. */
const keywords: Record<string, (value: unknown, asked: never, all: Schema) => boolean> = {
  type: (value, asked: string | string[]) =>
    [asked]
      .flat()
      .some((type) => type === typeName(value) || (type === "integer" && Number.isInteger(value))),
  enum: (value, asked: unknown[]) => asked.some((one) => JSON.stringify(one) === JSON.stringify(value)),
  const: (value, asked) => value === asked,
  anyOf: (value, asked: Schema[]) => asked.some((one) => isValid(one, value)),
  minimum: (value, asked: number) => typeof value !== "number" || value >= asked,
  maximum: (value, asked: number) => typeof value !== "number" || value <= asked,
  exclusiveMinimum: (value, asked: number) => typeof value !== "number" || value > asked,
  exclusiveMaximum: (value, asked: number) => typeof value !== "number" || value < asked,
  minLength: (value, asked: number) => typeof value !== "string" || value.length >= asked,
  pattern: (value, asked: string) => typeof value !== "string" || new RegExp(asked).test(value),
  minItems: (value, asked: number) => !Array.isArray(value) || value.length >= asked,
  items: (value, asked: Schema) => !Array.isArray(value) || value.every((one) => isValid(asked, one)),
  properties: (value, asked: Record<string, Schema>) =>
    Object.entries(value as object).every(([key, one]) => !asked[key] || isValid(asked[key], one)),
  additionalProperties: (value, _, { properties }) =>
    Object.keys(value as object).every((key) => Object.hasOwn(properties, key)),
  ...Object.fromEntries(
    ["$schema", "title", "description", "default", "deprecated"].map((key) => [key, () => true]),
  ),
};

function isValid(asked: Schema, value: unknown): boolean {
  return Object.entries(asked).every(([key, keyword]) => keywords[key]!(value, keyword as never, asked));
}

async function isTaken(config: object): Promise<boolean> {
  const path = join(folder, "any.json");
  writeFileSync(path, JSON.stringify(config));
  return (await readConfigFile(path, trainOptions)).faults.length === 0;
}

test("it has each option, its other spellings, and each argument that is taken without effect", () => {
  const keys = ["$schema", ...knownKeys(trainOptions), ...Object.keys(portedArguments)];
  expect(Object.keys(schema.properties).sort()).toEqual([...new Set(keys)].sort());
});

test.each(
  Object.entries(trainOptions) as [string, OptionSpec][],
)("%s has its help and default", (name, spec) => {
  expect(schema.properties[name]!.description).toContain(spec.help);
  expect(schema.properties[name]!.default).toEqual(spec.default);
});

test.each([
  [{}, true],
  [
    {
      $schema: "train.schema.json",
      learning_rate: 2e-5,
      eval_strategy: "no",
      max_steps: -1,
      warmup_steps: 0.1,
    },
    true,
  ],
  [
    {
      report_to: "none",
      label_names: ["O"],
      resume_from_checkpoint: true,
      text_column_name: 1,
      no_cuda: true,
    },
    true,
  ],
  [{ fp16: false, ddp_backend: "nccl", seed: null, train_sampling_strategy: "random" }, true],
  [{ learningrate: 1 }, false],
  [{ learning_rate: "1e-5" }, false],
  [{ eval_strategy: false }, false],
  [{ max_steps: 0 }, false],
  [{ save_steps: 1.5 }, false],
  [{ fp16: true }, false],
  [{ label_names: [] }, false],
  [{ device: "gpu" }, false],
])("%j: taken by the schema and by a run alike, %s", async (config, expected) => {
  expect([isValid(schema, config), await isTaken(config)]).toEqual([expected, expected]);
});

test("the schema and a run agree on any value of any key", async () => {
  const ported = Object.entries(portedArguments) as [string, PortedOption][];
  const idle = ported.flatMap(([, one]) => (one.idle === "any" ? [] : one.idle));
  const words = [
    "no",
    "steps",
    "best",
    "cpu",
    "auto",
    "linear",
    "token",
    "none",
    "jsonl",
    "random",
    "org/name",
    "",
  ];
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      ...idle,
      ...words,
      null,
      true,
      false,
      [],
      {},
      ["jsonl"],
      ["none"],
      [""],
      ["O", "B-X"],
    ),
    fc.constantFrom<unknown>(-1, 0, 0.5, 0.999, 1, 1.5, 2, 3, 500, 2 ** 32),
  );
  const entry = fc
    .constantFrom(...Object.keys(schema.properties))
    .chain((key) => fc.tuple(fc.constant(key), value));
  await fc.assert(
    fc.asyncProperty(entry, async ([key, one]) => {
      const config = { [key]: one };
      expect([config, await isTaken(config)]).toEqual([config, isValid(schema, config)]);
    }),
    { numRuns: 1000 },
  );
});
