import { open } from "node:fs/promises";

const pieceBytes = 1 << 18;

/**
 * A file's bytes in order. Every piece lies in the same memory and is good until the next one is asked for: a stream
 * makes new memory for each, and large files then keep the collector busy.
 */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path);
  try {
    const space = new Uint8Array(pieceBytes);
    for (;;) {
      const { bytesRead } = await file.read(space, 0, pieceBytes);
      if (bytesRead === 0) return;
      yield space.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
