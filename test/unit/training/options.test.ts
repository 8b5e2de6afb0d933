import { knownKeys, wrongValue } from "../../../lib/training/check_options.ts";
import { camelCase, kebabCase, type OptionSpec, snakeCase } from "../../../lib/training/option_types.ts";
import {
  groupTitles,
  runOptions,
  trainingOptions,
  trainOptions,
  unsupportedOptions,
} from "../../../lib/training/options.ts";

const rows = Object.entries(trainOptions) as [string, OptionSpec][];

test.each(rows)("%s has one spelling for each place, and each leads back to it", (name) => {
  expect(snakeCase(camelCase(name))).toBe(name);
  expect(snakeCase(kebabCase(name))).toBe(name);
});

test("no two options answer to the same key, in any of the three spellings", () => {
  for (const spell of [(key: string) => key, camelCase, kebabCase]) {
    const keys = knownKeys(trainOptions).map(spell);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test.each(rows)("the default of %s passes its own check", (_, spec) => {
  if (spec.default !== undefined) expect(wrongValue(spec, spec.default)).toBeUndefined();
});

test.each(rows)("the boolean spellings of %s stand for values it allows", (_, spec) => {
  for (const values of Object.values(spec.switches ?? {})) {
    expect(wrongValue(spec, values.true)).toBeUndefined();
    expect(wrongValue(spec, values.false)).toBeUndefined();
  }
});

test.each(rows)("%s stands in a group that help knows and has one line of help", (_, spec) => {
  expect(groupTitles[spec.group]).toBeDefined();
  expect(spec.help).not.toMatch(/\n|\.$/);
});

test("no option is both in the table and refused as unsupported", () => {
  const known = new Set(knownKeys(trainOptions));
  expect(Object.keys(unsupportedOptions).filter((name) => known.has(name))).toEqual([]);
});

test("an option belongs to the run or to TrainingArguments, not to both", () => {
  expect(Object.keys(runOptions).filter((name) => name in trainingOptions)).toEqual([]);
});
