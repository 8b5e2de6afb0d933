import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { torchner } from "./capture.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const good = file("good.txt", "Ana B-PER\nLee I-PER\nsings O\n\nIn O\nParis B-LOC\n");
const bad = file("bad.txt", "Ana B-PER\nLee I-PER\n\nthe O\nBank I-ORG\n");

test("validate ends with 0 for good data and with 3 for wrong tags, which have their line and a remedy", async () => {
  expect(await torchner("data", "validate", good)).toEqual({
    ...{ code: 0, stdout: `✔ ${good}: 2 sentences · IOB2 · LOC PER\n`, stderr: "" },
  });
  const { code, stdout } = await torchner("data", "validate", bad);
  expect(code).toBe(3);
  expect(stdout).toMatch(
    /✘ .*bad\.txt:5: I-ORG follows O \(IOB2\) {3}"the\/O Bank\/I-ORG"\n {4}fix: correct the tags/,
  );
  const document = JSON.parse((await torchner("data", "validate", good, bad, "--json")).stdout);
  expect(document).toMatchObject({ ok: false, unreadable: [], files: [{ file: good }, { file: bad }] });
});

test("a file that cannot be read as data is a fault of it, and the others are looked at all the same", async () => {
  const torn = file("torn.txt", "Ana B-PER\nLee\n");
  const { code, stdout } = await torchner("data", "validate", good, torn);
  expect([code, stdout]).toEqual([
    3,
    expect.stringMatching(/✔ .*good\.txt[\s\S]*✘ .*torn\.txt:2: one column/),
  ]);
});

test("without a training file that can be read, the others are not held against one another", async () => {
  const torn = file("torn_train.txt", "Ana B-PER\nLee\n");
  const other = file("other.txt", "Rex B-DOG\nLee O\n\nIn O\nParis B-LOC\n");
  const { code, stdout } = await torchner("data", "validate", torn, good, other, "--json");
  const { files, problems, unreadable } = JSON.parse(stdout);
  expect([code, unreadable.length, problems]).toEqual([3, 1, []]);
  expect(files.map((one: { file: string }) => one.file)).toEqual([good, other]);
});

test("only three problems of a kind are shown, or all of them", async () => {
  const many = file("many.txt", `Ana B-PER\nLee I-PER\n\n${"the O\nBank I-ORG\n\n".repeat(5)}`);
  const shown = async (...args: string[]) =>
    (await torchner("data", "validate", many, "--scheme", "iob2", ...args)).stdout.match(/I-ORG follows O/g)
      ?.length;
  expect([await shown(), await shown("--all")]).toEqual([3, 5]);
  expect((await torchner("data", "validate", many, "--scheme", "iob2")).stdout).toContain("2 more: --all");
});

test("inspect counts", async () => {
  const { code, stdout } = await torchner("data", "inspect", good);
  expect([code, stdout]).toEqual([0, expect.stringContaining("2 sentences, 5 words, 2 entities in IOB2")]);
  const { files } = JSON.parse((await torchner("data", "inspect", good, "--json")).stdout);
  expect(files[good].entities.PER).toEqual({ count: 1, distinct: 1, mean_words: 2 });
});

test("convert writes another scheme and another format", async () => {
  const output = join(folder, "out.jsonl");
  expect((await torchner("data", "convert", good, "--to", "bilou", "--output", output)).code).toBe(0);
  expect(
    readFileSync(output, "utf8")
      .split("\n")
      .slice(0, 2)
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { tokens: ["Ana", "Lee", "sings"], ner_tags: ["B-PER", "L-PER", "O"] },
    { tokens: ["In", "Paris"], ner_tags: ["O", "U-LOC"] },
  ]);
  const refused = await torchner("data", "convert", bad, "--to", "bilou", "--output", join(folder, "no.txt"));
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringMatching(/bad\.txt:5: I-ORG follows O/)]);
});

test("split writes the parts", async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `name${i} B-PER\n`).join("\n");
  const parts = join(folder, "parts");
  const { code } = await torchner(
    "data",
    "split",
    file("all.txt", rows),
    "--shares",
    "8,2",
    "--output-dir",
    parts,
  );
  expect([code, readdirSync(parts).sort()]).toEqual([0, ["test.txt", "train.txt"]]);
  expect(readFileSync(join(parts, "test.txt"), "utf8").match(/B-PER/g)).toHaveLength(10);
});

test("split writes nothing where a part would be empty", async () => {
  const few = join(folder, "few");
  const { code, stdout, stderr } = await torchner("data", "split", good, "--output-dir", few);
  expect([code, stdout, stderr]).toEqual([
    3,
    "",
    expect.stringMatching(/no sentence is left for validation/),
  ]);
  expect(existsSync(few)).toBe(false);
});

test.each([
  [[], /data: name what to do: data inspect, data validate/],
  [["valdate", "x"], /data: name what to do; did you mean data validate\?/],
  [["validate"], /FILE is missing/],
  [["convert", "a", "b"], /b: unexpected; this takes one file/],
  [["convert", "a"], /--output is missing: give a file to write/],
  [["convert", "a", "--to", "iob3", "--output", "x"], /--to: must be iob1, .* did you mean iob1\?/],
])("data %j is a usage error", async (args, message) => {
  const { code, stderr } = await torchner("data", ...args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test("help knows commands of two words", async () => {
  const { stdout } = await torchner("data", "split", "--help");
  expect(stdout).toMatch(/^Usage: torchner data split \[options\] FILE/);
  expect((await torchner("help", "data", "split")).stdout).toBe(stdout);
});
