import fc from "fast-check";
import { windowsOf } from "../../../lib/tokenization/windows.ts";

const [CLS, SEP] = [1, 2];

/** [CLS], pieces with ids from 100 and the given words, [SEP]. */
function encoding(words: readonly number[]) {
  const ids = Int32Array.from([CLS, ...words.map((_, i) => 100 + i), SEP]);
  return {
    ids,
    typeIds: new Int32Array(ids.length),
    wordIds: Int32Array.from([-1, ...words, -1]),
    specialTokensMask: Uint8Array.from([1, ...words.map(() => 0), 1]),
    length: ids.length,
  };
}

const oneByOne = (size: number) => Array.from({ length: size }, (_, i) => i);

test("a text within the limit is one window, as it is", () => {
  const [window, ...rest] = windowsOf(encoding(oneByOne(6)), 8);
  expect(rest).toEqual([]);
  expect([...window!.ids]).toEqual([CLS, 100, 101, 102, 103, 104, 105, SEP]);
  expect(window).toMatchObject({ from: 1, to: 7, offset: 1 });
});

test("without a limit there is one window", () => {
  expect(windowsOf(encoding(oneByOne(5000)), Infinity)).toHaveLength(1);
});

test("special tokens alone need no window", () => {
  expect(windowsOf(encoding([]), 8)).toEqual([]);
});

test("windows overlap by the stride, part in the middle of it, and the last is full", () => {
  const windows = windowsOf(encoding(oneByOne(11)), 8, 2);
  expect(windows.map(({ ids }) => [...ids])).toEqual([
    [CLS, 100, 101, 102, 103, 104, 105, SEP],
    [CLS, 104, 105, 106, 107, 108, 109, SEP],
    [CLS, 105, 106, 107, 108, 109, 110, SEP],
  ]);
  expect(windows.map(({ from, to, offset }) => [from, to, offset])).toEqual([
    [1, 6, 1],
    [6, 9, 2],
    [9, 12, 4],
  ]);
});

test("a word of several pieces is decided by one window where the overlap holds its border", () => {
  // Pieces 4 and 5 are one word, and the middle of the overlap 3..7 is between them.
  const windows = windowsOf(encoding([0, 1, 2, 3, 4, 4, 5, 6, 7, 8]), 9, 4);
  const cuts = windows.map(({ from }) => from - 1);
  expect(cuts).toContain(4);
  expect(cuts).not.toContain(5);
});

test("every piece is decided exactly once, by a window that holds it", () => {
  const words = fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }).map((newWord) => {
    let word = -1;
    return newWord.map((isNew) => (isNew || word < 0 ? ++word : word));
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 3, max: 40 }), fc.option(fc.nat(40)), (wordIds, limit, stride) => {
      fc.pre(stride === null || stride < limit - 2);
      const whole = encoding(wordIds);
      const windows = windowsOf(whole, limit, stride ?? undefined);
      const decided = windows.flatMap(({ ids, from, to, offset }) => [
        ...ids.subarray(offset, offset + to - from),
      ]);
      expect(decided).toEqual([...whole.ids.subarray(1, -1)]);
      for (const { ids, typeIds } of windows) {
        expect(ids.length).toBeLessThanOrEqual(limit);
        expect(typeIds.length).toBe(ids.length);
        expect([ids[0], ids.at(-1)]).toEqual([CLS, SEP]);
      }
      if (stride !== null) {
        windows.slice(1).forEach((window, i) => {
          expect(windows[i]!.ids.at(-2)! - window.ids[1]! + 1).toBeGreaterThanOrEqual(stride);
        });
      }
    }),
  );
});

test.each([
  ["no room beside the special tokens", 2, undefined],
  ["a stride as large as the window", 8, 6],
])("%s is refused", (_, limit, stride) => {
  expect(() => windowsOf(encoding(oneByOne(20)), limit, stride)).toThrow(
    expect.objectContaining({ code: "EARG" }),
  );
});
