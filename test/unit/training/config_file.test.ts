import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfigFile } from "../../../lib/training/config_file.ts";
import { trainOptions } from "../../../lib/training/options.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-config-"));
const path = join(folder, "ner.json");

async function read(text: string) {
  writeFileSync(path, text);
  const { given, faults } = await readConfigFile(path, trainOptions);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  return { values, faults: faults.map(({ key, text }) => `${key.replace(folder, "")}: ${text}`) };
}

test("options in any spelling, null meaning not given, and a byte order mark", async () => {
  const text =
    '\uFEFF{ "learning_rate": 1e-4, "numTrainEpochs": 2, "eval-steps": 3, "seed": null, "no_cuda": true }';
  expect(await read(text)).toEqual({
    values: { learning_rate: 1e-4, num_train_epochs: 2, eval_steps: 3, device: "cpu" },
    faults: [],
  });
});

test("paths lead from the config's folder, model names do not unless such a folder is there", async () => {
  mkdirSync(join(folder, "beside"), { recursive: true });
  const text = (model: string) => `{ "train_file": "train.txt", "output_dir": "/out", "model": "${model}" }`;
  const values = { train_file: join(folder, "train.txt"), output_dir: "/out" };
  expect((await read(text("beside"))).values).toEqual({ ...values, model: join(folder, "beside") });
  expect((await read(text("./none"))).values).toEqual({ ...values, model: join(folder, "none") });
  expect((await read(text("org/name"))).values).toEqual({ ...values, model: "org/name" });
});

test("label names are an array, a text with commas, or a file beside the config", async () => {
  writeFileSync(join(folder, "names.txt"), "O\n");
  expect((await read('{ "label_names": ["O", "B-X"] }')).values).toEqual({ label_names: ["O", "B-X"] });
  expect((await read('{ "label_names": "O,B-X" }')).values).toEqual({ label_names: ["O", "B-X"] });
  expect((await read('{ "label_names": "names.txt" }')).values).toEqual({
    label_names: [join(folder, "names.txt")],
  });
});

test("every fault is listed with its line", async () => {
  const text = `{
  "learningrate": 1,
  "seed": "42",
  "train_file": "a: {\\"b",
  "eval_strategy": "epochs",
  "seed": 1.5
}`;
  expect((await read(text)).faults).toEqual([
    "/ner.json:6 seed: stands in line 3 already",
    "/ner.json:2 learningrate: unknown option; did you mean learning_rate?",
    "/ner.json:6 seed: must be a whole number of at least 0 and at most 4294967295, got 1.5",
    '/ner.json:5 eval_strategy: must be no, steps or epoch, got "epochs"; did you mean epoch?',
  ]);
});

test.each([
  ['{\n "seed": 1,\n}', /^\/ner\.json:3: not valid JSON: /],
  ['{\n "seed": 1', /^\/ner\.json:2: not valid JSON: /],
  ["", /^\/ner\.json:1: not valid JSON: /],
  ["[1]", /^\/ner\.json:1: a config is one JSON object/],
])("%j is one fault", async (text, fault) => {
  const { faults } = await read(text);
  expect(faults).toEqual([expect.stringMatching(fault)]);
});

test.each([
  ["none.json", "no such config; check the path"],
  ["ner.yml", "this version does not read YAML configs yet"],
])("%s is refused", async (name, why) => {
  const { faults } = await readConfigFile(join(folder, name), trainOptions);
  expect(faults).toEqual([{ key: join(folder, name), text: expect.stringContaining(why) }]);
});
