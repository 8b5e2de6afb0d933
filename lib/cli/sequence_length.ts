import type { LongSequences } from "../data/tokenize_and_align.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Numerics } from "../native/types.ts";
import { type Classifier, maxRowLength, type WordSplitter } from "../pipeline/forward_rows.ts";

/**
 * Longest input in pieces: the one asked for, else what model and tokenizer take. The limit stored inside
 * `tokenizer.json` does not count.
 * @throws {TorchnerError} `EUSAGE` if more is asked for than the model has positions.
 */
export function sequenceLength(
  model: Pick<Classifier, "config">,
  tokenizer: Pick<WordSplitter, "modelMaxLength">,
  asked?: number,
): number {
  const positions = model.config.max_position_embeddings;
  if (asked !== undefined && typeof positions === "number" && asked > positions) {
    throw new TorchnerError(
      "EUSAGE",
      `--max-seq-length: the model takes at most ${positions} pieces, got ${asked}`,
    );
  }
  return asked ?? maxRowLength(model, tokenizer);
}

/** Reference numerics cut as Hugging Face does; words that are lost there are to be told of. */
export function longSequencesFor(numerics: Numerics | undefined, asked: LongSequences): LongSequences {
  return numerics === "reference" && asked === "window" ? "truncate" : asked;
}
