import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { piecesOf } from "../../../lib/files/pieces.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(path: string): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of piecesOf(path)) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

test.each([
  0,
  1,
  (1 << 19) - 1,
  1 << 19,
  3 * (1 << 19) + 7,
])("a file of %i bytes comes whole and in order", async (size) => {
  const path = join(folder, "file");
  const content = Buffer.from(
    Uint8Array.from({ length: size }, (_value, at) => (at * 31 + (at >> 19)) % 251),
  );
  await writeFile(path, content);
  expect((await read(path)).equals(content)).toBe(true);
});

test("a piece stays as it is until the next one is asked for", async () => {
  const path = join(folder, "file");
  await writeFile(path, Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(1 << 19, value))));
  let value = 0;
  for await (const piece of piecesOf(path)) {
    value++;
    await new Promise((resolve) => setTimeout(resolve, 20)); // the next one has been read meanwhile
    expect(piece.every((byte) => byte === value)).toBe(true);
  }
  expect(value).toBe(4);
});

test("who stops in the middle, and who reads a folder, leaves nothing behind", async () => {
  const path = join(folder, "file");
  await writeFile(path, Buffer.alloc(1 << 21));
  for await (const piece of piecesOf(path)) {
    expect(piece).toHaveLength(1 << 19);
    break;
  }
  await expect(read(folder)).rejects.toMatchObject({ code: "EISDIR" });
});
