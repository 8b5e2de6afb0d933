import { knownKeys, wrongValue } from "../../../lib/training/check_options.ts";
import { camelCase, kebabCase, type OptionSpec, snakeCase } from "../../../lib/training/option_types.ts";
import { groupTitles, runOptions, trainingOptions, trainOptions } from "../../../lib/training/options.ts";
import { portedArguments, portedFields } from "../../../lib/training/ported_options.ts";

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

test.each(rows)("the other spellings of %s stand for values it allows", (_, spec) => {
  for (const values of Object.values(spec.switches ?? {}))
    for (const value of Object.values(values)) expect(wrongValue(spec, value)).toBeUndefined();
});

test.each(rows)("%s stands in a group that help knows and has one line of help", (_, spec) => {
  expect(groupTitles[spec.group]).toBeDefined();
  expect(spec.help).not.toMatch(/\n|\.$/);
});

test("no option of TrainingArguments is also taken as one without an engine", () => {
  const known = new Set(knownKeys(trainingOptions));
  expect(Object.keys(portedArguments).filter((name) => known.has(name))).toEqual([]);
  // The one field whose name means something else to run_ner's users: the labels themselves.
  const ofRun = new Set(knownKeys(runOptions));
  expect(Object.keys(portedFields).filter((name) => ofRun.has(name))).toEqual(["label_names"]);
});

test("an option belongs to the run or to TrainingArguments, not to both", () => {
  expect(Object.keys(runOptions).filter((name) => name in trainingOptions)).toEqual([]);
});
