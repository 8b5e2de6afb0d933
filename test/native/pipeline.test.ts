import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setNumThreads } from "../../lib/model/runtime.ts";
import { openTrained } from "../../lib/pipeline/open_trained.ts";
import { tinyModel } from "./tiny_model.ts";

let folder: string;
beforeEach(async () => {
  await setNumThreads(1);
  folder = await mkdtemp(join(tmpdir(), "torchner-trained-"));
  using model = await tinyModel();
  await model.savePretrained(folder);
});
afterEach(() => rm(folder, { recursive: true }));

async function editConfig(change: object): Promise<void> {
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...change }));
}

test("a model whose labels have no names of their own keeps LABEL_0 and so on", async () => {
  const names = ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"];
  await editConfig({ id2label: Object.fromEntries(names.map((name, id) => [id, name])) });
  using model = await openTrained(folder);
  expect(model.labels).toEqual(names);
});

test("a checkpoint without a classifier is not used with random tags", async () => {
  const path = join(folder, "model.safetensors");
  const bytes = await readFile(path);
  await writeFile(
    path,
    Buffer.from(bytes.toString("latin1").replaceAll("classifier.", "classifieR."), "latin1"),
  );
  await expect(openTrained(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("classifier.weight, classifier.bias are missing"),
  });
});

test("a checkpoint that names no labels is not used either", async () => {
  await editConfig({ id2label: undefined });
  await expect(openTrained(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("names no labels"),
  });
});
