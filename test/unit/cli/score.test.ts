import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { torchner } from "./capture.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-score-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Twenty sentences of one name each; the first `found` of them are found. */
function system(name: string, found: number): string {
  const rows = Array.from({ length: 20 }, (_, i) => `Ana B-PER ${i < found ? "B-PER" : "O"}\nsings O O\n`);
  writeFileSync(join(folder, name), rows.join("\n"));
  return join(folder, name);
}
const weak = system("weak.conll", 5);
const strong = system("strong.conll", 19);

test("one file: a table for people, one flat document for programs", async () => {
  const { code, stdout } = await torchner("score", weak);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^PER +100\.00 +25\.00 +40\.00 +20$/m);
  expect(stdout).toMatch(/weak\.conll: 20 sentences, accuracy of words 62\.50\n$/);
  const document = JSON.parse((await torchner("score", weak, "--json")).stdout);
  expect(document).toEqual({
    PER: { precision: 1, recall: 0.25, f1: 0.4, number: 20 },
    ...{ overall_precision: 1, overall_recall: 0.25, overall_f1: 0.4, overall_accuracy: 0.625 },
  });
});

test("the reports of seqeval and of conlleval", async () => {
  expect((await torchner("score", weak, "--format", "report", "--digits", "3")).stdout).toMatch(
    /^ +PER +1\.000 +0\.250 +0\.400 +20$/m,
  );
  expect((await torchner("score", weak, "--format", "conlleval")).stdout).toMatch(
    /^processed 40 tokens with 20 phrases; found: 5 phrases; correct: 5\.\naccuracy: {2}62\.50%/,
  );
});

test("several files stand side by side, and --compare tests each against the first", async () => {
  const { stdout } = await torchner("score", weak, strong, "--compare", "--samples", "500");
  const [heading, first, second] = stdout.split("\n");
  expect(heading).toMatch(/precision +recall +F1 +accuracy +change +95 % of resamples +p$/);
  expect(first).toMatch(/weak\.conll +100\.00 +25\.00 +40\.00 +62\.50$/);
  expect(second).toMatch(/strong\.conll .* \+57\.44 +\+\d\d\.\d\d to \+\d\d\.\d\d +< 0\.002$/);
  const { files, comparisons } = JSON.parse(
    (await torchner("score", weak, strong, "--compare", "--json")).stdout,
  );
  expect(files.map(({ overall_recall }: { overall_recall: number }) => overall_recall)).toEqual([0.25, 0.95]);
  expect(comparisons).toEqual([expect.objectContaining({ base: weak, file: strong, p_value: 1 / 10_001 })]);
});

test("--label-names names integer tags, in a file too", async () => {
  const numbers = join(folder, "numbers.conll");
  writeFileSync(numbers, "Ana 1\nsings 0\n");
  writeFileSync(join(folder, "names"), "O\nB-PER\n");
  for (const names of ["O,B-PER", join(folder, "names")]) {
    const { stdout, stderr } = await torchner(
      "score",
      "--gold",
      numbers,
      "--pred",
      numbers,
      "--label-names",
      names,
    );
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^PER +100\.00/m), ""]);
  }
});

test("predictions of other sentences are not compared", async () => {
  writeFileSync(join(folder, "other.conll"), "Ana B-LOC B-PER\n");
  const { code, stderr } = await torchner("score", weak, join(folder, "other.conll"), "--compare");
  expect([code, stderr]).toEqual([3, expect.stringMatching(/have other gold tags \(from sentence 1 on\)/)]);
});

test("strict reading says how many gold entities it leaves out", async () => {
  const { code, stdout, stderr } = await torchner("score", weak, "--mode", "strict", "--scheme", "IOBES");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/weak\.conll: 20 of 20 gold entities are none by the scheme/),
  ]);
  expect(stdout).toMatch(/^overall +0\.00/m);
});

test.each([
  [[], /FILE is missing: give a file whose last two columns/],
  [["--gold", "x"], /--pred is missing: give the predictions of --gold/],
  [["a", "--gold", "x", "--pred", "y"], /a: a file with both tags excludes --gold/],
  [["a", "--scheme", "IOB2"], /--scheme: is read with --mode strict alone/],
  [["a", "--compare"], /--compare: needs two files or more/],
  [["a", "--scheme", "IOB3", "--mode", "strict"], /--scheme: must be IOB1, .* did you mean IOB1\?/],
])("score %j is a usage error", async (args, message) => {
  const { code, stderr } = await torchner("score", ...args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});
