/** `auto_find_batch_size`: the largest batch for which memory suffices, found by trying. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRngState, setRngState } from "../model/runtime.ts";
import type { TorchnerError } from "../native/errors.ts";
import type { TrainableModel } from "./handles.ts";

/**
 * Runs `attempt` with nine tenths of the batch (accelerate's step) whenever memory runs out. Each attempt starts from
 * the same weights and random numbers, so that the result is that of a run with the found batch from the beginning;
 * transformers keeps what the attempts before have learned.
 * @param giveUp  Removes what the attempt that failed has left, before the next one.
 * @throws {TorchnerError} `EOOM` if not even one sentence fits.
 */
export async function whileOutOfMemory<T>(
  model: TrainableModel,
  batchSize: number,
  note: (line: string) => void,
  attempt: (batchSize: number) => Promise<T>,
  giveUp: () => Promise<void>,
): Promise<T> {
  const weights = await mkdtemp(join(tmpdir(), "torchner-start-"));
  try {
    await model.savePretrained(weights);
    const generator = await getRngState();
    for (let size = batchSize; ; ) {
      try {
        return await attempt(size);
      } catch (error) {
        if ((error as TorchnerError).code !== "EOOM") throw error;
        const smaller = Math.floor(size * 0.9);
        if (smaller === 0) throw error;
        note(`batch ${size} is too large for the memory; starting again with ${smaller}`);
        size = smaller;
        await giveUp();
        await model.loadWeights(weights);
        await setRngState(generator);
      }
    }
  } finally {
    await rm(weights, { recursive: true, force: true });
  }
}
