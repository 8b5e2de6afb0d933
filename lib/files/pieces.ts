import { open } from "node:fs/promises";

const pieceBytes = 1 << 19;

/**
 * A file's bytes in order. While a piece is looked at, the next one is read; a piece is good until the next one is
 * asked for, since two memories take turns: a stream makes new memory for each, and large files then keep the collector
 * busy.
 */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path);
  const read = (space: Uint8Array) => {
    const reading = file.read(space, 0, pieceBytes);
    reading.catch(() => undefined); // it is awaited later, and an error is thrown there
    return reading;
  };
  const spaces = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)] as const;
  let reading = read(spaces[0]);
  try {
    for (let piece = 0; ; piece++) {
      const { buffer, bytesRead } = await reading;
      if (bytesRead === 0) return;
      reading = read(spaces[piece % 2 === 0 ? 1 : 0]);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close(); // which waits for a piece that is still being read
  }
}
