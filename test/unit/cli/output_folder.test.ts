import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOutputFolder, checkStart, clearOldRun } from "../../../lib/cli/output_folder.ts";

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
  const broken = ["tmp-checkpoint-7-0a1b2c3d", "tmp-checkpoint-8-0a1b2c3d-old"];
  for (const name of ["checkpoint-1", "checkpoint-20", "checkpoint-best", "tmp-checkpoint-mine", ...broken])
    mkdirSync(join(folder, name));
  for (const name of ["all_results.json", "predictions.txt", "notes.txt"])
    writeFileSync(join(folder, name), "");
  await clearOldRun(folder);
  expect(readdirSync(folder).sort()).toEqual(["checkpoint-best", "notes.txt", "tmp-checkpoint-mine"]);
  await clearOldRun(join(folder, "none"));
});

test("training does not start from a checkpoint that it would remove", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "checkpoint-1"));
  symlinkSync(folder, `${folder}-link`);
  for (const start of [join(folder, "checkpoint-1"), join(`${folder}-link`, "checkpoint-1")])
    await expect(checkStart(start, folder)).rejects.toMatchObject({ code: "EUSAGE" });
  await expect(checkStart(folder, folder)).resolves.toBeUndefined();
  await expect(checkStart(join(folder, "checkpoint-1"), newFolder())).resolves.toBeUndefined();
});
