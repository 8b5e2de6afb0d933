import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoConfig } from "../../../lib/model/auto_config.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-config-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a configuration has the entries of its file, known or not, and needs no weights beside it", async () => {
  const entries = { model_type: "bert", hidden_size: 8, of_our_own: [1, null] };
  await writeFile(join(folder, "config.json"), JSON.stringify(entries));
  expect(await AutoConfig.fromPretrained(folder)).toEqual(entries);
});

test("a folder without config.json is refused by name", async () => {
  await expect(AutoConfig.fromPretrained(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining(`${folder} has no config.json`),
  });
});
