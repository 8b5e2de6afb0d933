import { readyChunks } from "../../../lib/pipeline/ready_chunks.ts";

async function collect<T>(chunks: AsyncIterable<T[]>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

test("a quick source comes in full chunks, the last as it is", async () => {
  expect(await collect(readyChunks([1, 2, 3, 4, 5], 2))).toEqual([[1, 2], [3, 4], [5]]);
  expect(await collect(readyChunks([], 2))).toEqual([]);
});

test("a slow source gives what it has: nobody waits for more", async () => {
  async function* slow() {
    yield 1;
    yield 2;
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield 3;
  }
  expect(await collect(readyChunks(slow(), 10))).toEqual([[1, 2], [3]]);
});

test("a reader that leaves early closes the source, and no more than a chunk was read", async () => {
  let read = 0;
  let closed = false;
  function* endless() {
    try {
      for (;;) yield read++;
    } finally {
      closed = true;
    }
  }
  for await (const chunk of readyChunks(endless(), 3)) if (chunk.length > 0) break;
  expect([read, closed]).toEqual([3, true]);
});

test.each(["async", "sync"])("an error of an %s source comes after what it gave", async (kind) => {
  async function* broken() {
    yield 1;
    throw new Error("torn");
  }
  function* brokenAtOnce() {
    yield 1;
    throw new Error("torn");
  }
  const chunks = readyChunks(kind === "async" ? broken() : brokenAtOnce(), 5);
  expect((await chunks.next()).value).toEqual([1]);
  await expect(chunks.next()).rejects.toThrow("torn");
});
