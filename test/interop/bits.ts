/** Comparison of float32 values by their bits. */
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import type { Tensor } from "../../lib/model/tensor.ts";
import { floats, readSafetensors } from "../support/safetensors.ts";

/** Parameters with another bit than those of a safetensors file, and how many elements of each differ. */
export async function differingParameters(model: TokenClassificationModel, file: string): Promise<string[]> {
  const theirs = readSafetensors(file);
  const names = model.parameterNames();
  if (names.join() !== [...theirs.keys()].sort(inOrderOf(names)).join()) {
    return [`the file has ${theirs.size} parameters, the model ${names.length}, or their names differ`];
  }
  const differing: string[] = [];
  for (const name of names) {
    using parameter = await model.getParameter(name);
    const ours = words((await parameter.toTypedArray()) as Float32Array);
    const other = words(floats(theirs.get(name)!));
    if (ours.length !== other.length)
      throw new Error(`${name}: ${ours.length} elements, not ${other.length}`);
    const count = ours.reduce((sum, word, i) => sum + (word === other[i] ? 0 : 1), 0);
    if (count > 0) differing.push(`${name}: ${count} of ${ours.length} elements`);
  }
  return differing;
}

/** A float32 scalar's bits as hexadecimal. */
export async function bitsOf(scalar: Tensor): Promise<string> {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, await scalar.item());
  return word.getUint32(0).toString(16).padStart(8, "0");
}

function words(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function inOrderOf(names: readonly string[]): (a: string, b: string) => number {
  return (a, b) => names.indexOf(a) - names.indexOf(b);
}
