import { open } from "node:fs/promises";
import { TorchnerError } from "../native/errors.ts";

/** Bits of a float32 that are all set in NaN and the infinities, and in nothing else. */
const EXPONENT = 0x7f800000;

/**
 * Looks through a safetensors file that was just written here, all of it float32. An update can overflow the weights
 * while its own loss and gradients are finite; a checkpoint of them would push out one that is of use.
 * @throws {TorchnerError} `ENONFINITE` if a weight is NaN or infinite: no later update mends that.
 */
export async function checkWeightsFinite(path: string, step: number): Promise<void> {
  const file = await open(path);
  try {
    const prefix = new BigUint64Array(1);
    const { bytesRead } = await file.read(prefix, 0, 8, 0);
    if (bytesRead < 8) return;
    const values = new Uint32Array(1 << 18);
    for (let at = 8 + Number(prefix[0]); ; ) {
      const read = await file.read(values, 0, values.byteLength, at);
      const whole = Math.floor(read.bytesRead / 4);
      if (whole === 0) return;
      at += 4 * whole;
      for (let i = 0; i < whole; i++) if ((values[i]! & EXPONENT) === EXPONENT) throw lost(step);
    }
  } finally {
    await file.close();
  }
}

function lost(step: number): TorchnerError {
  return new TorchnerError(
    "ENONFINITE",
    `Step ${step} left weights that are NaN or infinite, which no later step can mend; they are not saved. ` +
      "Lower learningRate (--learning-rate), and go on from an earlier checkpoint or start again.",
  );
}
