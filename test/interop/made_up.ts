import type { Example } from "../../lib/data/types.ts";
import { randomNumbers } from "./batches.ts";

export const labels = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"];

const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const syllables = ["ba", "ko", "ri", "mu", "te", "sa", "lo", "ne", "vi", "du"];

/** A WordPiece vocabulary that spells any English word, and a few signs beyond. */
export const vocabulary = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  ...letters,
  ...letters.map((letter) => letter.toUpperCase()),
  ...letters.map((letter) => `##${letter}`),
  ...syllables,
  ...syllables.map((syllable) => `##${syllable}`),
  ...[".", ",", "'", "-", "é", "##é", "😀", "日"],
];

/** Sentences of invented words; the first letter decides whether a word is a name, so that a model can learn it. */
export function madeUpSentences(count: number, seed: number): Example[] {
  const random = randomNumbers(seed);
  const pick = (below: number) => Math.floor(random() * below);
  return Array.from({ length: count }, () => {
    const tokens = Array.from({ length: 2 + pick(12) }, () =>
      Array.from({ length: 1 + pick(3) }, () => syllables[pick(syllables.length)]!).join(""),
    );
    const nerTags: string[] = [];
    for (const token of tokens) {
      const type = { b: "PER", k: "LOC" }[token[0]!];
      const follows = type !== undefined && nerTags.at(-1)?.endsWith(type) === true && random() < 0.5;
      nerTags.push(type === undefined ? "O" : `${follows ? "I" : "B"}-${type}`);
    }
    return { tokens, nerTags };
  });
}
