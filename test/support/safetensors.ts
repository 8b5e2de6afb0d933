/** A reader and a writer of safetensors files for tests, apart from those under test. */
import { readFileSync } from "node:fs";

export interface StoredTensor {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export function readSafetensors(path: string): Map<string, StoredTensor> {
  const file = readFileSync(path);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    // A copy, because typed arrays over it need an aligned start.
    const bytes = Uint8Array.from(file.subarray(8 + headerLength + from, 8 + headerLength + to));
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, bytes });
  }
  return tensors;
}

export function safetensorsBytes(tensors: ReadonlyMap<string, StoredTensor>): Buffer {
  let end = 0;
  const entries = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...[...tensors.values()].map(({ bytes }) => bytes)]);
}

export function floats(tensor: StoredTensor): Float32Array {
  if (tensor.dtype !== "F32") throw new Error(`expected F32, found ${tensor.dtype}`);
  return new Float32Array(tensor.bytes.buffer);
}

/** Values of an int64 tensor whose values fit 32 bits. */
export function integers(tensor: StoredTensor): Int32Array {
  if (tensor.dtype !== "I64") throw new Error(`expected I64, found ${tensor.dtype}`);
  return Int32Array.from(new BigInt64Array(tensor.bytes.buffer), Number);
}
