import { createHash } from "node:crypto";
import type { Examples } from "./handles.ts";

/** SHA-256 over ids and labels of every example in order: two runs with the same one learn from the same data. */
export function dataFingerprint(examples: Examples): string {
  const hash = createHash("sha256");
  for (let i = 0; i < examples.length; i++) {
    const { inputIds, labels } = examples.at(i)!;
    hash.update(Uint32Array.of(inputIds.length)).update(inputIds).update(labels);
  }
  return hash.digest("hex");
}
