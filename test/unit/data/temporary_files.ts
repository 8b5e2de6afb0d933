import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test file's data, removed after its last test. Call at the top of a describe or file. */
export function temporaryFiles(): (name: string, content: string | Uint8Array) => Promise<string> {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "torchner-data-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return async (name, content) => {
    const file = join(folder, name);
    await writeFile(file, content);
    return file;
  };
}
