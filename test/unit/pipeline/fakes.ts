/** A tokenizer and a model that are small enough to foresee, and count what is asked of them. */
import type { Classifier, WordSplitter } from "../../../lib/pipeline/forward_rows.ts";

const [PAD, CLS, SEP] = [0, 1, 2];
export const labels = ["O", "B-PER", "I-PER", "B-LOC"];

/** The label a piece gets: upper case begins a PER, digits are LOC, `_` goes on with a PER, else O. */
function labelOf(character: number): number {
  const text = String.fromCharCode(character);
  if (/[A-Z]/.test(text)) return 1;
  if (text === "_") return 2;
  return /[0-9]/.test(text) ? 3 : 0;
}

/** One piece per character that is neither blank nor `~`; its id is the character's code. */
export function fakeTokenizer(modelMaxLength = Infinity): WordSplitter {
  const encode = (words: readonly string[], inText: boolean, source: number, maxLength: number) => {
    const pieces: { id: number; word: number; start: number }[] = [];
    let at = 0;
    words.forEach((text, word) => {
      for (let i = 0; i < text.length; i++) {
        if (text[i] !== "~") pieces.push({ id: text.charCodeAt(i), word, start: inText ? at + i : i });
      }
      at += text.length + 1;
    });
    const kept = pieces.slice(0, maxLength - 2);
    const ids = Int32Array.from([CLS, ...kept.map(({ id }) => id), SEP]);
    return {
      ids,
      typeIds: new Int32Array(ids.length),
      wordIds: Int32Array.from([-1, ...kept.map(({ word }) => word), -1]),
      offsets: Int32Array.from([0, 0, ...kept.flatMap(({ start }) => [start, start + 1]), 0, 0]),
      specialTokensMask: Uint8Array.from([1, ...kept.map(() => 0), 1]),
      length: ids.length,
      source,
      truncated: pieces.length - kept.length,
    };
  };
  return {
    modelMaxLength,
    padTokenId: PAD,
    padTokenTypeId: 0,
    continuationMask: ({ wordIds }) =>
      Uint8Array.from(wordIds, (word, i) => Number(word >= 0 && word === wordIds[i - 1])),
    encodeTexts: async (texts, options) =>
      texts.map((text, i) => encode(text.split(" "), true, i, options?.maxLength ?? Infinity)),
    encodeWords: async (sentences, options) =>
      sentences.map((words, i) => encode(words, false, i, options?.maxLength ?? Infinity)),
  };
}

export interface Seen {
  shapes: (readonly number[])[];
  open: number;
  options: unknown[];
}

/** `fail`: throws instead of reading the logits back. */
export function fakeModel({ positions, fail = false }: { positions?: number; fail?: boolean } = {}): {
  model: Classifier;
  seen: Seen;
} {
  const seen: Seen = { shapes: [], open: 0, options: [] };
  const forward = async (batch: Parameters<Classifier["forward"]>[0], options: unknown) => {
    const { shape, inputIds, attentionMask } = batch;
    seen.shapes.push(shape);
    seen.options.push(options);
    seen.open++;
    const logits = new Float32Array(inputIds.length * labels.length);
    inputIds.forEach((id, i) => {
      // A padded place must be marked as one, and a real one not.
      if ((id === PAD) === (attentionMask![i] === 1)) throw new Error("the mask does not fit the padding");
      logits[i * labels.length + labelOf(id)] = 3;
    });
    return {
      logits: {
        toTypedArray: async () => {
          if (fail) throw new Error("reading back failed");
          return logits;
        },
      },
      dispose: () => {
        seen.open--;
      },
    };
  };
  const model = { labels, config: { max_position_embeddings: positions }, forward };
  return { model: model as unknown as Classifier, seen };
}
