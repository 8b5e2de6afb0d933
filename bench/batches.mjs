/** The batches that all contenders train on, made once and written to a file. */
import { writeFileSync } from "node:fs";
import {
  AutoTokenizer,
  DataCollatorForTokenClassification,
  DataLoader,
  loadDataset,
  tokenizeAndAlignLabels,
} from "torchner";

/**
 * Writes `count` batches in Hugging Face's random order for seed 42.
 * @returns {Promise<{ lengths: number[], padded: number }[]>} per batch: pieces of its sentences, and cells
 */
export async function writeBatches(path, { folder, trainFile, batchSize, count }) {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const { train } = await (await loadDataset({ train: trainFile })).map(tokenizeAndAlignLabels(tokenizer));
  const collator = new DataCollatorForTokenClassification(tokenizer);
  const loader = new DataLoader(train, { batchSize, shuffle: true, seed: 42, collator, dropLast: true });
  const batches = [];
  while (batches.length < count) for await (const batch of loader) if (batches.push(batch) === count) break;
  tokenizer.dispose();
  write(path, batches);
  return batches.map(({ attentionMask, shape: [rows, width] }) => ({
    lengths: Array.from({ length: rows }, (_, row) =>
      sum(attentionMask.subarray(row * width, (row + 1) * width)),
    ),
    padded: rows * width,
  }));
}

/** Writes one batch for each shape, of made-up pieces and without padding. */
export function writeFullBatches(path, shapes) {
  write(
    path,
    shapes.map(([rows, width]) => {
      const cells = Array.from({ length: rows * width }, (_, i) => i);
      return {
        shape: [rows, width],
        inputIds: cells.map((i) => 1000 + ((i * 7919) % 20_000)),
        attentionMask: cells.map(() => 1),
        tokenTypeIds: cells.map(() => 0),
        labels: cells.map((i) => i % 2),
      };
    }),
  );
}

function write(path, batches) {
  const listed = batches.map((batch) =>
    Object.fromEntries(Object.entries(batch).map(([name, values]) => [name, [...values]])),
  );
  writeFileSync(path, JSON.stringify(listed));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
