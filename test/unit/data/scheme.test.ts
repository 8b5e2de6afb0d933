import fc from "fast-check";
import { type EntitySpan, readEntities, schemeOfTags, writeTags } from "../../../lib/data/scheme.ts";
import { type Scheme, schemes } from "../../../lib/metrics/schemes.ts";

/** Entities that do not overlap, in a sentence just long enough or longer. */
const sentence = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2 }),
      length: fc.integer({ min: 1, max: 3 }),
      type: fc.constantFrom("PER", "LOC", "work-of-art"),
    }),
    { maxLength: 5 },
  )
  .chain((parts) => {
    let at = 0;
    const entities: EntitySpan[] = parts.map(({ gap, length, type }) => {
      const start = at + gap;
      at = start + length;
      return { type, start, end: at - 1 };
    });
    return fc.integer({ min: at, max: at + 2 }).map((words) => ({ entities, words }));
  });

test.each(schemes)("%s: entities become tags and the same entities again, without a fault", (scheme) => {
  fc.assert(
    fc.property(sentence, ({ entities, words }) => {
      expect(readEntities(writeTags(entities, words, scheme), scheme)).toEqual({ entities, faults: [] });
    }),
  );
});

test.each([
  ["IOB1", "I-A I-A B-A O I-B"],
  ["IOB2", "B-A I-A B-A O B-B"],
  ["IOE1", "I-A E-A I-A O I-B"],
  ["IOE2", "I-A E-A E-A O E-B"],
  ["IOBES", "B-A E-A S-A O S-B"],
  ["BILOU", "B-A L-A U-A O U-B"],
] as [Scheme, string][])("%s writes two words, one beside them, and one apart as %s", (scheme, tags) => {
  const entities = [
    { type: "A", start: 0, end: 1 },
    { type: "A", start: 2, end: 2 },
    { type: "B", start: 4, end: 4 },
  ];
  expect(writeTags(entities, 5, scheme).join(" ")).toBe(tags);
});

test.each([
  ["IOB2", "O I-A", 1, "I-A follows O"],
  ["IOB2", "I-A", 0, "I-A begins the sentence"],
  ["IOB2", "B-A I-B", 1, "I-B follows B-A"],
  ["IOB2", "B-A E-A", 1, "E-A is no tag of IOB2"],
  ["IOB2", "B", 0, "B has no type"],
  ["IOB2", "B-", 0, "B- has no type"],
  ["IOB2", "PER", 0, "PER has no prefix"],
  ["IOE2", "I-A O", 0, "O follows I-A"],
  ["IOE2", "I-A", 0, "the sentence ends I-A"],
  ["IOBES", "B-A O", 0, "O follows B-A"],
  ["IOBES", "O E-A", 1, "E-A follows O"],
  ["IOBES", "S-A E-A", 1, "E-A follows S-A"],
  ["BILOU", "B-A B-A L-A", 0, "B-A follows B-A"],
] as [
  Scheme,
  string,
  number,
  string,
][])("%s: %s has a fault at word %i: %s", (scheme, tags, word, message) => {
  expect(readEntities(tags.split(" "), scheme).faults).toEqual([{ word, message }]);
});

test.each([
  ["IOB2", ["B-A I-A", "O B-A"]],
  ["IOB1", ["I-A I-A B-A", "O I-A", "I-B I-B"]],
  ["IOE2", ["I-A E-A", "E-B"]],
  ["IOBES", ["S-A", "B-A E-A"]],
  ["BILOU", ["U-A O"]],
  ["IOB2", ["B-A I-A", "B-A", "O I-A", "B-B"]], // one slip does not make it another scheme
  [undefined, ["O O"]],
] as [Scheme | undefined, string[]][])("%s is told from %j", (scheme, sentences) => {
  expect(schemeOfTags(sentences.map((tags) => tags.split(" ")))).toBe(scheme);
});
