/** Files of a model and a dataset, changed by chance: refused by name, or read; never a crash or a hang. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { datasetFormats, type WrittenFormat } from "../../lib/data/format.ts";
import { readExamples } from "../../lib/data/read_examples.ts";
import type { ReadResult } from "../../lib/data/types.ts";
import { writeExamples } from "../../lib/data/write_examples.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { AutoTokenizer } from "../../lib/tokenization/tokenizer.ts";
import { parametersOf } from "../native/tiny_model.ts";
import { projectRoot } from "../support/shared.ts";
import { mutations as count, damage, endure } from "./mutations.ts";
import { describeWithAddon, TinyRuns } from "./tiny_runs.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-damaged-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const long = 3_600_000;

describeWithAddon("a model's folder", () => {
  const runs = new TinyRuns();
  const model = runs.at("model");
  afterAll(() => runs.remove());
  let expected: Map<string, Float32Array>;
  beforeAll(async () => {
    expect(await runs.run(runs.arguments("run", 4))).toMatchObject({ code: 0 });
    const config = {
      model_type: "bert",
      ...{
        vocab_size: 12,
        hidden_size: 4,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 4,
      },
      ...{ max_position_embeddings: 8, type_vocab_size: 2 },
    };
    using tiny = await AutoModelForTokenClassification.fromConfig(config, { labels: ["O", "B-X"] });
    await tiny.savePretrained(model);
    expected = await parametersOf(tiny);
  });

  const load = () => AutoModelForTokenClassification.fromPretrained(model);

  test(
    "a changed header of the weights is refused, or changes no weight that is said to be loaded",
    async () => {
      const path = join(model, "model.safetensors");
      const whole = readFileSync(path);
      const header = whole.subarray(0, 8 + Number(whole.readBigUInt64LE()));
      const found = await endure({
        ...{ name: "header of model.safetensors", count, original: header, refusals: ["ECHECKPOINT"] },
        async read(changed) {
          writeFileSync(path, Buffer.concat([changed, whole.subarray(header.length)]));
          return load();
        },
        async check(read: TokenClassificationModel) {
          using loaded = read;
          const { missing, mismatched } = loaded.loadReport;
          const fresh = new Set([...missing, ...mismatched.map(({ name }) => name)]);
          const parameters = await parametersOf(loaded);
          for (const [name, values] of expected)
            if (!fresh.has(name)) expect(parameters.get(name)).toEqual(values);
        },
      });
      writeFileSync(path, whole);
      expect(found.refused).toBeGreaterThan(count / 2);
    },
    long,
  );

  test(
    "a changed file of weights is refused, or has the size and the layout of the whole one",
    async () => {
      await damage(join(model, "model.safetensors"), {
        ...{ name: "model.safetensors", refusals: ["ECHECKPOINT"], read: load },
        check: (loaded: TokenClassificationModel) => loaded.dispose(),
      });
    },
    long,
  );

  test(
    "config.json",
    async () => {
      await damage(join(model, "config.json"), {
        ...{ name: "config.json", refusals: ["ECHECKPOINT", "EARG", "EOOM"], read: load },
        check: (loaded: TokenClassificationModel) => loaded.dispose(),
      });
    },
    long,
  );

  const readTokenizer = async (of: string) => {
    using opened = await AutoTokenizer.fromPretrained(of);
    return opened.encodeTexts(["Ana lived in Paris.", ""]);
  };
  const check = (found: Awaited<ReturnType<typeof readTokenizer>>) => {
    for (const { ids } of found) for (const id of ids) expect(id).toBeGreaterThanOrEqual(0);
  };
  test.each([
    ["run", "tokenizer.json"],
    ["run", "tokenizer_config.json"],
    ["run", "special_tokens_map.json"],
    ["tiny", "vocab.txt"], // alone; beside a tokenizer.json nobody reads it
  ])(
    "%s/%s",
    async (of, name) => {
      const read = () => readTokenizer(runs.at(of));
      await damage(runs.at(of, name), { name, refusals: ["ECHECKPOINT", "EARG"], read, check });
    },
    long,
  );
});

describe("a dataset's file", () => {
  const examples = [
    { tokens: ["Anna", "Berg", "left", "Oslo", "."], nerTags: ["B-PER", "I-PER", "O", "B-LOC", "O"] },
    { tokens: ["\u{1f600}", "naïve", '"x,y"', "EU"], nerTags: ["O", "O", "O", "B-ORG"] },
    { tokens: ["It", "rained"], nerTags: ["O", "O"] },
  ];
  const text = "Anna Berg left Oslo.";
  const spans = [
    [0, 9, "PER"],
    [15, 19, "LOC"],
  ] as const;
  const lines = (values: unknown[]) => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
  const studio = spans.map(([start, end, label]) => ({
    type: "labels",
    value: { start, end, labels: [label], text: "" },
  }));
  const tools: Record<string, [string, string]> = {
    doccano: ["d.jsonl", lines([{ id: 1, text, label: spans }])],
    prodigy: [
      "p.jsonl",
      lines([{ text, spans: spans.map(([start, end, label]) => ({ start, end, label })), answer: "accept" }]),
    ],
    "label-studio": [
      "l.json",
      JSON.stringify([{ id: 1, data: { text }, annotations: [{ result: studio }] }]),
    ],
    spacy: ["s.json", JSON.stringify([[text, { entities: spans }]])],
    brat: ["b.ann", "T1\tPER 0 9\tAnna Berg\nT2\tLOC 15 19\tOslo\n"],
  };
  const fixtures = join(projectRoot, "test", "fixtures", "data");

  test.each(datasetFormats)(
    "%s",
    async (format) => {
      let path: string;
      if (tools[format]) {
        path = join(folder, tools[format][0]);
        writeFileSync(path, tools[format][1]);
        if (format === "brat") writeFileSync(join(folder, "b.txt"), `${text}\n`);
      } else if (format === "arrow") {
        path = join(folder, "names.arrow");
        writeFileSync(path, readFileSync(join(fixtures, "names.arrow")));
      } else {
        path = join(folder, `data.${format}`);
        await writeExamples(path, examples, format as WrittenFormat);
      }
      const trial = {
        name: `dataset in ${format}`,
        refusals: ["EDATA"],
        read: () => readExamples(path, { format }),
      };
      const asIs = (await readExamples(path, { format })) as ReadResult;
      expect(asIs.examples.length).toBeGreaterThan(0);
      await damage(path, {
        ...trial,
        check({ examples: found }: ReadResult) {
          for (const { tokens, nerTags } of found) {
            expect(tokens.every((token) => typeof token === "string")).toBe(true);
            if (nerTags) expect(nerTags).toHaveLength(tokens.length);
          }
        },
      });
    },
    long,
  );
});
