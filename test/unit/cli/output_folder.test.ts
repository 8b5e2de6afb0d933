import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOutputFolder, clearOldRun } from "../../../lib/cli/output_folder.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "torchner-out-"));

test("a folder that is not there is fine, and stays away", async () => {
  const parent = newFolder();
  await checkOutputFolder(join(parent, "a", "b"), false);
  expect(readdirSync(parent)).toEqual([]);
});

test("a folder with other files is fine", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "notes.txt"), "");
  await expect(checkOutputFolder(folder, false)).resolves.toBeUndefined();
});

test.each([
  "trainer_state.json",
  "model.safetensors",
  "checkpoint-12",
])("%s says that a run is there", async (name) => {
  const folder = newFolder();
  mkdirSync(join(folder, name));
  await expect(checkOutputFolder(folder, false)).rejects.toMatchObject({ code: "EUSAGE" });
  await expect(checkOutputFolder(folder, true)).resolves.toBeUndefined();
});

test("an older run's checkpoints and results go; what is not a run's stays", async () => {
  const folder = newFolder();
  for (const name of ["checkpoint-1", "checkpoint-20", "checkpoint-best"]) mkdirSync(join(folder, name));
  for (const name of ["all_results.json", "predictions.txt", "notes.txt"])
    writeFileSync(join(folder, name), "");
  await clearOldRun(folder);
  expect(readdirSync(folder).sort()).toEqual(["checkpoint-best", "notes.txt"]);
  await clearOldRun(join(folder, "none"));
});
