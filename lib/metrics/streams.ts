/** Gold and predicted tags of many sentences as two streams of tag ids, checked on the way. */
import { TorchnerError } from "../native/errors.ts";
import { ignoredLabel } from "../tokenization/align.ts";
import { BORDER } from "./spans.ts";
import { type TagReading, type TagTable, tagTable } from "./tags.ts";
import type { EvalPrediction } from "./types.ts";

/** Both streams have the same length, and a `BORDER` after each sentence at the same places. */
export interface TagStreams {
  readonly gold: Int32Array;
  readonly predicted: Int32Array;
  readonly table: TagTable;
}

/**
 * @param gold       One array of tags per sentence.
 * @param predicted  The same sentences, with as many tags each.
 * @throws {TorchnerError} `EARG` where an argument is no array of arrays of strings; `EDATA` where the two
 *   differ in length or a tag is empty, naming the sentence (counted from 1).
 */
export function streamsOfTags(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  reading?: TagReading,
): TagStreams {
  const length = checkedLength(gold, predicted);
  const streams = { gold: new Int32Array(length), predicted: new Int32Array(length) };
  const ids = new Map<string, number>();
  fill(streams.gold, gold, ids, "gold");
  fill(streams.predicted, predicted, ids, "predicted");
  return { ...streams, table: tagTable([...ids.keys()], reading) };
}

const cellsAtATime = 1 << 16;

/**
 * The labelled positions of a padded batch of predictions; those whose label id is -100 are left out.
 *
 * @param prediction  Label ids `[sentences, width]`, and predicted ids of the same shape or logits
 *   `[sentences, width, labels]`.
 * @returns After a yield for every so many cells.
 * @throws {TorchnerError} `EARG` for shapes that do not fit, and for an id without a label.
 */
export function* streamsOfIds(prediction: EvalPrediction, table: TagTable): Generator<void, TagStreams> {
  const { sentences, width, depth } = checkedShape(prediction, table.tags.length);
  const cells = { ...prediction, width, depth };
  const length = cells.labelIds.length + sentences;
  const streams = { gold: new Int32Array(length), predicted: new Int32Array(length), table };
  const rowsAtATime = Math.max(1, Math.trunc(cellsAtATime / Math.max(1, width * (depth ?? 1))));
  let filled = 0;
  for (let row = 0; row < sentences; row += rowsAtATime) {
    const to = Math.min(sentences, row + rowsAtATime);
    filled = fillRows(streams, filled, cells, row, to);
    yield;
  }
  return { gold: streams.gold.subarray(0, filled), predicted: streams.predicted.subarray(0, filled), table };
}

type Cells = Pick<EvalPrediction, "predictions" | "labelIds"> & { width: number; depth?: number };

/** Rows `from` to `to` (exclusive), put at `length`. @returns The length with them. */
function fillRows(
  { gold, predicted, table }: TagStreams,
  length: number,
  { predictions, labelIds, width, depth }: Cells,
  from: number,
  to: number,
): number {
  const labels = table.tags.length;
  for (let row = from; row < to; row++) {
    for (let at = row * width; at < (row + 1) * width; at++) {
      const label = labelIds[at]!;
      if (label === ignoredLabel) continue;
      const guess = depth === undefined ? predictions[at]! : largestOf(predictions, at * depth, depth);
      gold[length] = label;
      predicted[length] = guess;
      // What is no whole number, or too large for 32 bits, does not come back from the stream as it was.
      if (gold[length] !== label || label < 0 || label >= labels) {
        throw unknownId(label, "labelIds", row, at - row * width, labels);
      }
      if (predicted[length] !== guess || guess < 0 || guess >= labels) {
        throw unknownId(guess, "predictions", row, at - row * width, labels);
      }
      length++;
    }
    gold[length] = BORDER;
    predicted[length] = BORDER;
    length++;
  }
  return length;
}

/** Of each position, the index of its sentence, whose border counts to it. */
export function sentenceByPosition(stream: Int32Array): Int32Array {
  let sentence = 0;
  return stream.map((tag) => (tag === BORDER ? sentence++ : sentence));
}

/** Tokens of all sentences plus one border each. */
function checkedLength(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): number {
  for (const [name, sentences] of [
    ["gold", gold],
    ["predicted", predicted],
  ] as const) {
    if (!Array.isArray(sentences) || ![...sentences].every(Array.isArray)) {
      throw new TorchnerError(
        "EARG",
        `the ${name} tags must be one array of strings per sentence: [["B-PER", "O"], ...].`,
      );
    }
  }
  if (gold.length !== predicted.length) {
    throw new TorchnerError(
      "EDATA",
      `${gold.length} gold sentences but ${predicted.length} predicted; give both for the same sentences.`,
    );
  }
  let length = 0;
  gold.forEach((tags, i) => {
    if (tags.length !== predicted[i]!.length) {
      throw new TorchnerError(
        "EDATA",
        `sentence ${i + 1}: ${tags.length} gold tags but ${predicted[i]!.length} predicted; ` +
          "give one predicted tag per word.",
      );
    }
    length += tags.length + 1;
  });
  return length;
}

function fill(
  stream: Int32Array,
  sentences: readonly (readonly string[])[],
  ids: Map<string, number>,
  name: string,
): void {
  let at = 0;
  for (let sentence = 0; sentence < sentences.length; sentence++) {
    for (const tag of sentences[sentence]!) {
      let id = ids.get(tag);
      if (id === undefined) {
        checkTag(tag, name, sentence);
        id = ids.size;
        ids.set(tag, id);
      }
      stream[at++] = id;
    }
    stream[at++] = BORDER;
  }
}

function checkTag(tag: unknown, name: string, sentence: number): void {
  if (typeof tag !== "string") {
    throw new TorchnerError(
      "EARG",
      `sentence ${sentence + 1}: a ${name} tag is ${typeof tag}, not a string.`,
    );
  }
  if (tag === "") {
    throw new TorchnerError(
      "EDATA",
      `sentence ${sentence + 1}: a ${name} tag is empty; words outside entities have the tag "O".`,
    );
  }
}

function checkedShape(
  prediction: EvalPrediction | undefined | null,
  labelCount: number,
): { sentences: number; width: number; depth?: number } {
  const { predictions, labelIds, shape } = prediction ?? ({} as Partial<EvalPrediction>);
  if (!ArrayBuffer.isView(predictions) || !ArrayBuffer.isView(labelIds) || !Array.isArray(shape)) {
    throw new TorchnerError(
      "EARG",
      "expected predictions as { predictions, labelIds, shape }: two typed arrays and their dimensions.",
    );
  }
  const [sentences = 0, width = 0, depth] = shape;
  const labels = depth ?? 1;
  if (shape.length === 3 && labels !== labelCount) {
    throw new TorchnerError("EARG", `predictions have ${labels} logits per token for ${labelCount} labels.`);
  }
  if (
    labelIds.length !== sentences * width ||
    predictions.length !== sentences * width * labels ||
    shape.length > 3
  ) {
    throw new TorchnerError(
      "EARG",
      `shape [${shape.join(", ")}] does not fit ${predictions.length} predictions and ` +
        `${labelIds.length} label ids; it is [sentences, width], with logits [sentences, width, labels].`,
    );
  }
  return { sentences, width, depth };
}

function unknownId(
  id: number,
  name: string,
  sentence: number,
  position: number,
  labels: number,
): TorchnerError {
  return new TorchnerError(
    "EARG",
    `${name}: sentence ${sentence + 1}, position ${position + 1} has id ${id}, which is none of the ` +
      `${labels} labels; give the labels that the model was trained with.`,
  );
}

/** Index of the largest of `count` logits from `offset` on; the first of equal ones, as numpy has it. */
function largestOf(logits: Float32Array | Int32Array, offset: number, count: number): number {
  let top = 0;
  for (let i = 1; i < count; i++) if (logits[offset + i]! > logits[offset + top]!) top = i;
  return top;
}
