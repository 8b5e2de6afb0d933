import { splitEncodings } from "../../../lib/tokenization/encoding.ts";

test("a batch laid end to end becomes one encoding per sequence, windows of one input included", () => {
  const batch = {
    ids: Int32Array.of(2, 5, 3, 2, 6, 3, 2, 3),
    typeIds: Uint8Array.of(0, 0, 0, 0, 1, 1, 0, 0),
    wordIds: Int32Array.of(-1, 0, -1, -1, 1, -1, -1, -1),
    offsets: Int32Array.of(0, 0, 0, 4, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0),
    specialTokensMask: Uint8Array.of(1, 0, 1, 1, 0, 1, 1, 1),
    lengths: Int32Array.of(3, 3, 2),
    sources: Int32Array.of(0, 0, 1),
    truncated: Int32Array.of(0, 0, 7),
  };
  const encodings = splitEncodings(batch);
  expect(encodings).toHaveLength(3);
  expect(encodings[1]).toEqual({
    ids: Int32Array.of(2, 6, 3),
    typeIds: Int32Array.of(0, 1, 1),
    wordIds: Int32Array.of(-1, 1, -1),
    offsets: Int32Array.of(0, 0, 1, 3, 0, 0),
    specialTokensMask: Uint8Array.of(1, 0, 1),
    length: 3,
    source: 0,
    truncated: 0,
  });
  expect(encodings[2]).toMatchObject({ length: 2, source: 1, truncated: 7 });
});
