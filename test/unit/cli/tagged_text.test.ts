import fc from "fast-check";
import { taggedText } from "../../../lib/cli/tagged_text.ts";

const plain = (_: string, text: string) => text;
const group = (start: number, end: number) => ({ entity_group: "PER", score: 0.994, word: "", start, end });

test("entities are marked where they stand", () => {
  const text = "George Washington lived in Virginia.";
  const entities = [group(0, 17), { entity: "B-LOC", score: 0.5, index: 6, word: "", start: 27, end: 35 }];
  expect(taggedText(text, entities, plain)).toBe(
    "[George Washington](PER 0.99) lived in [Virginia](B-LOC 0.50).",
  );
});

test("without the marks the text is what it was", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", " ", "😀", "é") });
  fc.assert(
    fc.property(letters, fc.nat(), fc.nat(), (text, a, b) => {
      const [start, end] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const marked = taggedText(text, [group(start, end)], plain);
      expect(marked.replace(/\[([^\]]*)\]\(PER 0\.99\)/, "$1")).toBe(text);
    }),
  );
});
