/** Folders saved on one side open on the other: the same ids, logits and entities. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import type { EntityGroup, TokenEntity } from "../../lib/pipeline/aggregation.ts";
import { pipeline } from "../../lib/pipeline/ner.ts";
import type { Encoding } from "../../lib/tokenization/encoding.ts";
import { AutoTokenizer } from "../../lib/tokenization/tokenizer.ts";
import { labels, vocabulary } from "./made_up.ts";
import { runPython } from "./python_process.ts";

/** What `open_folder.py` answers for one folder; its offsets count code points. */
interface Opened {
  labels: string[];
  ids: number[][];
  wordIds: number[][];
  /** Per text, the real pieces' logits, row-major. */
  logits: number[][];
  classifier: number[];
  missing: string[];
  default: TokenEntity[][];
  none: TokenEntity[][];
  simple: EntityGroup[][];
}

const texts = [
  "Anna Kovic met Bako Rimu in Teviba, near Lone.",
  "U.S. envoys said: Koba's café  opened at 7.",
  "😀 Bateko 😀😀 went to 日 Kosa日Mulo \t and Évi-Sane",
  "x",
  "ZÜRICH kobaritesa dudu Du du ne ko ba",
];
const seed = 42;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "torchner-interop-"));
  return setNumThreads(1);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each([
  ["bert", true],
  ["distilbert", false],
])("%s (lower-casing: %s)", (kind, lowercase) => {
  const fromPython = ["whole", "vocab-only", "pickled", "pickled-shards", "old-names"].map((name) => ({
    name,
  }));
  const folder = (name: string) => join(root, kind, name);
  const opened = new Map<string, Opened>();

  beforeAll(async () => {
    await runPython("make_folders.py", { kind, folder: join(root, kind), labels, vocabulary, lowercase });
    await trainAndSave(folder("whole"), folder("ours"));
    await trainAndSave(folder("vocab-only"), folder("ours-vocab-only"));
    await openBareAndSave(folder("bare"), folder("ours-bare"));
    const names = [...fromPython.map(({ name }) => name), "bare", "ours", "ours-vocab-only", "ours-bare"];
    const answers = await runPython<Opened[]>("open_folder.py", { folders: names.map(folder), texts, seed });
    for (const [i, name] of names.entries()) opened.set(name, answers[i]!);
  }, 180_000);

  describe.each([
    ...fromPython,
    { name: "ours" },
    { name: "ours-vocab-only" },
    { name: "ours-bare" },
  ])("the folder $name", ({ name }) => {
    test("has no parameter missing on either side, and the same labels", async () => {
      using model = await AutoModelForTokenClassification.fromPretrained(folder(name));
      expect(model.loadReport.missing).toEqual([]);
      expect(opened.get(name)!.missing).toEqual([]);
      expect(model.labels).toEqual(opened.get(name)!.labels);
    });

    test("splits texts and words into the same pieces", async () => {
      const tokenizer = await AutoTokenizer.fromPretrained(folder(name));
      const encodings = await tokenizer.encodeTexts(texts);
      expect(encodings.map(({ ids }) => [...ids])).toEqual(opened.get(name)!.ids);
      const words = texts.map((text) => text.split(/\s+/));
      const wordIds = (await tokenizer.encodeWords(words)).map((one) => [...one.wordIds]);
      expect(wordIds).toEqual(opened.get(name)!.wordIds);
      tokenizer.dispose();
    });

    test.each(["fast", "reference"] as const)("gives the same logits (%s numerics)", async (numerics) => {
      using model = await AutoModelForTokenClassification.fromPretrained(folder(name), { numerics });
      const tokenizer = await AutoTokenizer.fromPretrained(folder(name));
      const rows = await logitsOf(model, await tokenizer.encodeTexts(texts));
      // Float32 in another order; in exact arithmetic the distance to Python is the same.
      const tolerance = numerics === "fast" ? 5e-5 : 1e-5;
      for (const [i, row] of rows.entries()) expectClose(row, opened.get(name)!.logits[i]!, tolerance);
      tokenizer.dispose();
    });

    test.each([
      ["by default", undefined, undefined, "default"],
      ["of each piece", "none", [], "none"],
      ["grouped by type", "simple", [], "simple"],
    ] as const)("finds the same entities: %s", async (_, aggregationStrategy, ignoreLabels, key) => {
      const ner = await pipeline("ner", folder(name), { aggregationStrategy, ignoreLabels });
      const ours = await ner(texts);
      ner.dispose();
      const theirs = opened.get(name)![key];
      if (ignoreLabels) expect(theirs.every((entities) => entities.length > 0)).toBe(true);
      for (const [i, text] of texts.entries()) {
        expect(ours[i]!.map(withoutScore)).toEqual(
          theirs[i]!.map((one) => inUtf16(one, text)).map(withoutScore),
        );
        expectClose(ours[i]!.map(score), theirs[i]!.map(score));
      }
    });
  });

  test("a bare encoder gets the classifier that Python draws from the same seed", async () => {
    await setSeed(seed);
    using model = await AutoModelForTokenClassification.fromPretrained(folder("bare"), {
      labels: opened.get("bare")!.labels,
    });
    expect(model.loadReport.missing.sort()).toEqual(opened.get("bare")!.missing);
    using weight = await model.getParameter("classifier.weight");
    expect([...(await weight.toTypedArray())]).toEqual(opened.get("bare")!.classifier.map(Math.fround));
  });

  test("tensors without a place are reported under the file's names", async () => {
    using model = await AutoModelForTokenClassification.fromPretrained(folder("old-names"));
    const head = kind === "bert" ? "cls.predictions.transform.dense" : "vocab_transform";
    expect(model.loadReport.unexpected).toEqual(
      expect.arrayContaining([`${head}.weight`, `${head}.bias`, `${kind}.embeddings.position_ids`]),
    );
  });
});

/** Two steps, so that the saved weights are our own. */
async function trainAndSave(from: string, to: string): Promise<void> {
  using model = (await AutoModelForTokenClassification.fromPretrained(from)).train();
  using optimizer = new AdamW(model, { lr: 1e-3 });
  const tokenizer = await AutoTokenizer.fromPretrained(from);
  const batch = batchOf(await tokenizer.encodeTexts(texts));
  const batchLabels = batch.attentionMask.map((real, i) => (real ? i % labels.length : -100));
  for (let step = 0; step < 2; step++) {
    using out = await model.forward({ ...batch, labels: batchLabels });
    await out.loss!.backward();
    await optimizer.step();
    await optimizer.zeroGrad();
  }
  await model.savePretrained(to);
  await tokenizer.savePretrained(to);
  tokenizer.dispose();
}

async function openBareAndSave(from: string, to: string): Promise<void> {
  await setSeed(seed);
  using model = await AutoModelForTokenClassification.fromPretrained(from, { labels });
  // The classifier's fresh weights are small; a larger step parts the scores of the labels.
  using optimizer = new AdamW(model.train(), { lr: 0.3 });
  const tokenizer = await AutoTokenizer.fromPretrained(from);
  const batch = batchOf(await tokenizer.encodeTexts(texts));
  using out = await model.forward({
    ...batch,
    labels: batch.attentionMask.map((real, i) => (real ? i % 5 : -100)),
  });
  await out.loss!.backward();
  await optimizer.step();
  await model.savePretrained(to);
  await tokenizer.savePretrained(to);
  tokenizer.dispose();
}

function batchOf(encodings: readonly Encoding[]): Batch {
  const width = Math.max(...encodings.map(({ length }) => length));
  const shape = [encodings.length, width] as const;
  const inputIds = new Int32Array(encodings.length * width);
  const attentionMask = new Int32Array(inputIds.length);
  const tokenTypeIds = new Int32Array(inputIds.length);
  for (const [row, encoding] of encodings.entries()) {
    inputIds.set(encoding.ids, row * width);
    attentionMask.fill(1, row * width, row * width + encoding.length);
  }
  return { shape, inputIds, attentionMask, tokenTypeIds };
}

async function logitsOf(
  model: TokenClassificationModel,
  encodings: readonly Encoding[],
): Promise<Float32Array[]> {
  const batch = batchOf(encodings);
  using out = await model.forward(batch);
  const values = (await out.logits.toTypedArray()) as Float32Array;
  const [, width] = batch.shape;
  const count = model.labels.length;
  return encodings.map(({ length }, row) =>
    values.slice(row * width * count, (row * width + length) * count),
  );
}

/** Python counts code points; `word` is ours, the exact slice, because transformers gives the vocabulary's spelling. */
function inUtf16<E extends { start: number; end: number; word: string }>(entity: E, text: string): E {
  const units = (points: number) => [...text].slice(0, points).join("").length;
  const [start, end] = [units(entity.start), units(entity.end)];
  return { ...entity, start, end, word: text.slice(start, end) };
}

function withoutScore<E extends { score: number }>({ score: _, ...rest }: E): Omit<E, "score"> {
  return rest;
}

function score(entity: { score: number }): number {
  return entity.score;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance);
}
