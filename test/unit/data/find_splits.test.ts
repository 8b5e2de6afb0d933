import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadDataset } from "../../../lib/data/load_dataset.ts";

const saved = fileURLToPath(new URL("../../fixtures/data/saved", import.meta.url));
const refused = (message: RegExp) => ({ code: "EDATA", message: expect.stringMatching(message) });

describe("a folder's files are found by their names", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "torchner-splits-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = async (name: string, words: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `${words} O\n`);
  };
  const found = async () => {
    const { train, validation, test: last } = await loadDataset(folder);
    return [train, validation, last].map(
      (split) => split && [...split].flatMap(({ tokens }) => tokens).join(" "),
    );
  };

  test.each([
    [["train.txt", "valid.txt", "test.txt"]],
    [["eng.train", "eng.testa", "eng.testb"]],
    [["wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"]],
    [["data/train.conll", "data/dev.conll", "data/eval.conll"]],
    [["train/a.txt", "validation/a.txt", "test/a.txt"]],
    [["name/train/0000.conll", "name/validation/0000.conll", "name/test/0000.conll"]],
  ])("%j", async (names) => {
    for (const [i, name] of names.entries()) await put(name, ["first", "second", "third"][i]!);
    await put("README.md", "x");
    await put("train_notes.md", "x");
    const [train, validation, last] = await found();
    expect([train, validation, last]).toEqual(["first", "second", "third"]);
  });

  test("the parts of a split are read in order", async () => {
    await put("train-00001-of-00002.conll", "b");
    await put("train-00000-of-00002.conll", "a");
    expect(await found()).toEqual(["a b", undefined, undefined]);
  });

  test("a part that is missing is missed", async () => {
    await put("train-00001-of-00003.conll", "b");
    await put("train-00000-of-00003.conll", "a");
    await expect(found()).rejects.toMatchObject(refused(/2 of 3 parts are there \(train-00000-of-00003/));
  });

  test("files of a folder are joined where it is called after their split", async () => {
    await put("train/a.conll", "a");
    await put("train/b.conll", "b");
    expect(await found()).toEqual(["a b", undefined, undefined]);
    await put("tests/train_1.conll", "c");
    await rm(join(folder, "train"), { recursive: true });
    await put("tests/train_2.conll", "d");
    await expect(found()).rejects.toMatchObject(refused(/several files may be train: tests.train_1/));
  });

  test("of a saved dataset's splits the one of that very name is taken, else nothing is guessed", async () => {
    const save = async (...names: string[]) => {
      await writeFile(join(folder, "dataset_dict.json"), JSON.stringify({ splits: names }));
      for (const name of names) await cp(saved, join(folder, name), { recursive: true });
    };
    await save("train", "test_easy", "test", "test_hard");
    expect((await loadDataset(folder)).test).toHaveLength(3);
    await save("train", "test_easy", "test_hard");
    await expect(found()).rejects.toMatchObject(refused(/several files may be test: test_easy, test_hard/));
    await save("corpus");
    await expect(found()).rejects.toMatchObject(refused(/no file with train, .* among corpus; name the/));
  });

  test("a file that was named goes before those of the folder", async () => {
    await put("train.txt", "found");
    await put("other.txt", "named");
    await put("train_old.txt", "older");
    const data = await loadDataset({ dataset: folder, train: join(folder, "other.txt") });
    expect(data.train.at(0).tokens).toEqual(["named"]);
  });

  test("several files for one split, or none, are refused by name", async () => {
    await put("data.txt", "a");
    await expect(loadDataset(folder)).rejects.toMatchObject(
      refused(/no file with train, .* among data\.txt; name the/),
    );
    await put("train.txt", "a");
    await put("train_big.txt", "a");
    await expect(loadDataset(folder)).rejects.toMatchObject(
      refused(/several files may be train: train\.txt, train_big\.txt; name the one/),
    );
  });
});
