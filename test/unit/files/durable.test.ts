import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";

/** Which renames fail, by their number from 1. */
const failing = new Set<number>();
let renames = 0;
jest.unstable_mockModule("node:fs/promises", () => ({
  ...files,
  rename: async (from: string, to: string) => {
    if (failing.has(++renames))
      throw Object.assign(new Error("EIO: i/o error, rename"), { syscall: "rename" });
    await files.rename(from, to);
  },
}));
const { interruptedWrites, removeFolderDurably, writeFolderDurably } = await import(
  "../../../lib/files/durable.ts"
);

let folder: string;
beforeEach(async () => {
  folder = await files.mkdtemp(join(tmpdir(), "torchner-durable-"));
  failing.clear();
  renames = 0;
});
afterEach(() => files.rm(folder, { recursive: true }));

const write = (text: string) =>
  writeFolderDurably(join(folder, "made"), (at) => files.writeFile(join(at, "text"), text));

test.each([
  1, 2,
])("if rename %i of replacing a folder fails, the older one stands where it was", async (which) => {
  await write("old");
  failing.add(which + 1);
  await expect(write("new")).rejects.toMatchObject({ code: "EIO" });
  expect(await files.readdir(folder)).toEqual(["made"]);
  expect(await files.readFile(join(folder, "made", "text"), "utf8")).toBe("old");
});

test("what a process that died has left is told by its name, with its target", async () => {
  const left = ["", "-gone", "-old"].map((end) => `tmp-checkpoint-3-00ffee11${end}`);
  for (const name of [...left, "checkpoint-3", "tmp-3"]) await files.mkdir(join(folder, name));
  const found = await interruptedWrites(folder);
  expect(found.map(({ path }) => path).sort()).toEqual(left.map((name) => join(folder, name)));
  expect(found.map(({ gone }) => gone).sort()).toEqual([false, false, true]);
  for (const { target } of found) expect(target).toBe(join(folder, "checkpoint-3"));
});

test("a folder that could not be moved out of its place to be deleted is whole", async () => {
  await write("old");
  failing.add(renames + 1);
  await expect(removeFolderDurably(join(folder, "made"))).rejects.toMatchObject({ code: "EIO" });
  expect(await files.readFile(join(folder, "made", "text"), "utf8")).toBe("old");
  await removeFolderDurably(join(folder, "made"));
  expect(await files.readdir(folder)).toEqual([]);
});
