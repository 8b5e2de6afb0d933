import type { Dataset } from "../data/dataset.ts";
import type { EncodedExample } from "../data/types.ts";
import { skippedWords } from "../tokenization/align.ts";
import { sentencesOf } from "../training/sentences.ts";
import type { Terminal } from "./terminal.ts";

/** Says which words of the training file no piece stands for. Returns their number. */
export function reportLostWords(
  examples: Dataset<EncodedExample>,
  file: string,
  terminal: Pick<Terminal, "warn">,
): number {
  let words = 0;
  let sentences = 0;
  for (const sentence of sentencesOf(examples)) {
    const { length } = skippedWords(sentence);
    words += length;
    if (length > 0) sentences++;
  }
  if (words > 0) {
    terminal.warn(
      `${file}: ${words} words of ${sentences} sentences were cut off or have no pieces, and are not learnt; ` +
        "raise --max-seq-length, split the sentences, or find them with --long-sequences error",
    );
  }
  return words;
}
