import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveDatasetRepo } from "../../../lib/hub/dataset_repo.ts";
import { firstCommit } from "../../support/hub_server.ts";
import { faultsOfCache, useHub } from "./hub_fixture.ts";

const fixture = useHub();
const open = (id: string) => resolveDatasetRepo(id, { log: fixture.log });
const datasets = { type: "datasets" } as const;

test("data files come in their folders, with what describes them, and nothing else", async () => {
  fixture.hub.add(
    "org/data",
    {
      "README.md": "---\n---\n",
      "dataset_infos.json": "{}",
      "data/train-00000.parquet": "P".repeat(300),
      "validation.JSONL": "{}",
      "test.conll": "a O\n",
      ".gitattributes": "",
      ".hidden/x.csv": "",
      "data.py": "",
      "figure.png": "",
    },
    datasets,
  );
  const folder = await open("org/data");
  expect(folder).toBe(fixture.cached("datasets--org--data", "snapshots", firstCommit));
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  expect(found).toEqual([
    "README.md",
    "data/train-00000.parquet",
    "dataset_infos.json",
    "test.conll",
    "validation.JSONL",
  ]);
  expect(readFileSync(join(folder, "data", "train-00000.parquet"), "utf8")).toBe("P".repeat(300));
  expect(faultsOfCache(fixture.cached())).toEqual([]);
});

test("a name without an organisation, and a revision, are found", async () => {
  const commit = "d".repeat(40);
  fixture.hub.add("wnut", { "train.txt": "a O\n" }, { ...datasets, revisions: { v1: commit } });
  await expect(open("wnut@v1")).resolves.toBe(fixture.cached("datasets--wnut", "snapshots", commit));
});

test("a model of the same name is another repository", async () => {
  fixture.hub.add("org/data", { "train.txt": "a O\n" });
  await expect(open("org/data")).rejects.toMatchObject({ code: "EENV" });
});

test("offline the cache serves, with data files in folders too", async () => {
  fixture.hub.add("org/data", { "data/train.csv": "a,b\n" }, datasets);
  const folder = await open("org/data");
  process.env.HF_HUB_OFFLINE = "1";
  fixture.hub.requests.length = 0;
  await expect(open("org/data")).resolves.toBe(folder);
  expect(fixture.hub.requests).toEqual([]);
  await expect(open("org/other")).rejects.toMatchObject({ code: "ECHECKPOINT" });
});

test("a repository with a loading program alone is refused with the way to its converted copy", async () => {
  fixture.hub.add("conll", { "conll.py": "", "README.md": "" }, datasets);
  await expect(open("conll")).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(/does not run.*give conll@refs\/convert\/parquet/),
  });
});

test("a repository without data is refused with what it has", async () => {
  fixture.hub.add("org/data", { "data.zip": "PK" }, datasets);
  await expect(open("org/data")).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(/no data file of a known format: it has data\.zip; unpack or convert/),
  });
});

test.each(["", "../data", "a/b/c", "/data", "org/data@../x", "org/data@"])("%j is no id", async (id) => {
  await expect(open(id)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("is no dataset on the hub; give org/name"),
  });
});
