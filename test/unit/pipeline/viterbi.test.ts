import fc from "fast-check";
import { detectScheme, schemes, strictSpans } from "../../../lib/metrics/schemes.ts";
import { BORDER } from "../../../lib/metrics/spans.ts";
import { tagTable } from "../../../lib/metrics/tags.ts";
import { decoderOf } from "../../../lib/pipeline/viterbi.ts";

const prefixes = { IOB2: "BI", IOE2: "IE", IOBES: "BIES", BILOU: "BILU" } as const;
const labelSets = Object.values(prefixes).map((letters) => [
  "O",
  ...[...letters].flatMap((letter) => [`${letter}-X`, `${letter}-Y`]),
]);

/** Whether every tag but `O` is part of an entity that the scheme allows. */
function isValid(tags: readonly string[]): boolean {
  const table = tagTable([...new Set(["O", ...tags])]);
  const stream = Int32Array.from([...tags.map((tag) => table.tags.indexOf(tag)), BORDER]);
  const scheme = detectScheme(new Set(tagTable(currentLabels).prefixes))!;
  const spans = strictSpans(scheme)(stream, table);
  let covered = 0;
  for (let i = 0; i < spans.count; i++) covered += spans.ends[i]! - spans.starts[i]! + 1;
  return covered === tags.filter((tag) => tag !== "O").length;
}
let currentLabels: string[];

/** All sequences of labels of this length. */
function* sequences(labels: readonly string[], length: number): Generator<string[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(labels, length - 1)) for (const label of labels) yield [...rest, label];
}

test.each(labelSets.map((labels) => [labels]))("%j: the best of all valid sequences", (labels) => {
  currentLabels = labels;
  const words = 3;
  const scores = fc.array(fc.integer({ min: -9, max: 9 }), {
    minLength: words * labels.length,
    maxLength: words * labels.length,
  });
  const valid = [...sequences(labels, words)].filter(isValid);
  expect(valid.length).toBeGreaterThan(10);
  const decoder = decoderOf(labels);
  fc.assert(
    fc.property(scores, (values) => {
      const total = (tags: readonly string[]) =>
        tags.reduce((sum, tag, word) => sum + values[word * labels.length + labels.indexOf(tag)]!, 0);
      const found = Array.from(decoder.decode(Float32Array.from(values), words), (id) => labels[id]!);
      expect(isValid(found)).toBe(true);
      expect(total(found)).toBe(valid.reduce((best, tags) => Math.max(best, total(tags)), -Infinity));
    }),
    { numRuns: 60 },
  );
});

test("every named scheme that labels can tell is among the tried ones", () => {
  expect(schemes.filter((scheme) => !(scheme in prefixes))).toEqual(["IOB1", "IOE1"]);
});

test("labels without a scheme are each word's likeliest", () => {
  const labels = ["O", "X", "Y"];
  expect([...decoderOf(labels).decode(Float32Array.of(0, 2, 1, 5, 4, 3), 2)]).toEqual([1, 0]);
});

test("a type without a label to end it may end anywhere", () => {
  const labels = ["O", "B-X", "I-X", "E-X", "S-X", "B-Y"];
  const sure = (label: number) => Float32Array.from(labels, (_, i) => (i === label ? 9 : 0));
  expect([...decoderOf(labels).decode(Float32Array.from([...sure(5), ...sure(0)]), 2)]).toEqual([5, 0]);
});

test("no words give no labels", () => {
  expect([...decoderOf(["O", "B-X", "I-X"]).decode(new Float32Array(0), 0)]).toEqual([]);
});
