/** What is said and kept of a run whose losses or gradients are NaN or infinite. */
import { join } from "node:path";
import { rowsOf } from "../data/data_loader.ts";
import { examplePlace } from "../data/labels.ts";
import type { Batch } from "../data/types.ts";
import { writeFileDurably } from "../files/durable.ts";
import { TorchnerError } from "../native/errors.ts";

/** A run is lost, not unlucky, when this many in a row are not finite. */
export const MAX_NON_FINITE = 3;

/** The first of a row of values that are not finite: what comes after it only has its weights. */
export interface Suspect {
  what: "loss" | "gradient norm";
  value: number;
  /** The update's number, from 1. */
  step: number;
  /** What the value was computed from. */
  batches: readonly Batch[];
}

const SUSPECT_FILE = "nonfinite_batch.json";

/**
 * Writes the suspect's sentences as the model saw them into the output folder.
 * @returns the error that ends the run.
 */
export async function lostRun(
  suspect: Suspect,
  { outputDir, checkpoint }: { outputDir: string; checkpoint?: string },
): Promise<TorchnerError> {
  const { what, value, step } = suspect;
  const sentences = sentencesOf(suspect);
  const file = join(outputDir, SUSPECT_FILE);
  await writeFileDurably(file, `${JSON.stringify({ what, value: String(value), step, sentences })}\n`);
  const places = sentences.map(({ sentence }) => sentence);
  const shown = `${places.slice(0, 4).join(", ")}${places.length > 4 ? `, and ${places.length - 4} more` : ""}`;
  const kept = checkpoint
    ? `${checkpoint} is the newest checkpoint before it`
    : "no checkpoint was saved before it";
  return new TorchnerError(
    "ENONFINITE",
    `The ${what} was ${value} in step ${step}, and not finite ${MAX_NON_FINITE} times in a row from there on. ` +
      `That step's sentences are ${shown}; ${file} holds what the model saw of them. ${kept}. ` +
      "Lower learningRate (--learning-rate), or look at these sentences.",
  );
}

interface SavedSentence {
  /** Where it stands. */
  sentence: string;
  input_ids: number[];
  labels: number[];
}

function sentencesOf({ batches }: Suspect): SavedSentence[] {
  return batches.flatMap((batch) => {
    const rows = rowsOf(batch);
    const [count, width] = batch.shape;
    return Array.from({ length: count }, (_, row) => {
      const cells = (values: Int32Array | undefined) =>
        [...(values?.subarray(row * width, (row + 1) * width) ?? [])].filter(
          (_, cell) => batch.attentionMask[row * width + cell] !== 0,
        );
      const made = rows?.[row];
      const sentence = made ? examplePlace(made.example, made.index + 1) : `row ${row + 1}`;
      return { sentence, input_ids: cells(batch.inputIds), labels: cells(batch.labels) };
    });
  });
}
