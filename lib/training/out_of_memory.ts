import type { Batch } from "../data/types.ts";
import { TorchnerError } from "../native/errors.ts";

/** Where memory may run out, and which options make less of it needed. */
interface Work {
  /** As the message begins: "Step 3". */
  name: string;
  batches: readonly Batch[];
  remedy: string;
}

export const trainingRemedy =
  "Lower perDeviceTrainBatchSize (--per-device-train-batch-size; gradientAccumulationSteps keeps the size of an " +
  "update) or the maximum length (--max-seq-length), or set gradientCheckpointing (--gradient-checkpointing) or " +
  "autoFindBatchSize (--auto-find-batch-size).";

export const evaluationRemedy =
  "Lower perDeviceEvalBatchSize (--per-device-eval-batch-size) or the maximum length (--max-seq-length).";

/** Does `work`; an `EOOM` of it says what was computed, and what to change. */
export async function explainingMemory<T>(
  { name, batches, remedy }: Work,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as TorchnerError).code !== "EOOM") throw error;
    const largest = batches.reduce((a, b) => (b.inputIds.length > a.inputIds.length ? b : a));
    const [rows, width] = largest.shape;
    const [detail] = (error as Error).message
      .replace(/\[enforce fail at [^\]]*\] err == 0\. /, "")
      .split("; use ");
    throw new TorchnerError(
      "EOOM",
      `${name}: ${detail}, at a batch of ${rows} sentences, the longest ${width} pieces. ${remedy}`,
      { cause: error },
    );
  }
}
