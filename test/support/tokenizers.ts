/** Small tokenizers of our own (see test/fixtures/tokenization/make_fixtures.py) and folders made from them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./shared.ts";

const fixtures = join(projectRoot, "test", "fixtures", "tokenization");
const made: string[] = [];

export function fixturePath(name: string): string {
  return join(fixtures, name);
}

export function fixture(name: string): Buffer {
  return readFileSync(fixturePath(name));
}

/** A folder with the given files: a fixture's name is copied, an object is written as JSON, text as it is. */
export function tokenizerFolder(files: Record<string, { fixture: string } | object | string>): string {
  const folder = mkdtempSync(join(tmpdir(), "torchner-tokenizer-"));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    if (typeof content === "string") writeFileSync(path, content);
    else if ("fixture" in content) copyFileSync(fixturePath(content.fixture), path);
    else writeFileSync(path, JSON.stringify(content));
  }
  return folder;
}

/** For afterAll. */
export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
