/** lib/native/types.ts says what the addon exports; here the two are compared in both directions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { native } from "../../lib/native/load.ts";
import { projectRoot } from "../support/shared.ts";

const source = readFileSync(join(projectRoot, "lib/native/types.ts"), "utf8");

/** Member names of one interface, in the order they are written. */
function membersOf(name: string): string[] {
  const body = new RegExp(`export interface ${name}(?: extends \\w+)? \\{\\n([\\s\\S]*?)\\n\\}`).exec(
    source,
  )![1]!;
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?]?[(:]/gm)].map((match) => match[1]!);
}

/** Own properties that every instance gets at construction, so they are not on the prototype. */
const fixedAtConstruction: Record<string, string[]> = {
  Tensor: ["shape", "dtype", "device", "requiresGrad"],
  Model: ["device"],
};

test("the addon exports what the contract names, and nothing else", () => {
  expect(Object.keys(native()).sort()).toEqual(membersOf("NativeAddon").sort());
});

test.each(["Tensor", "Model", "AdamW", "Tokenizer"])("%s has the methods that the contract names", (name) => {
  const handle = (native() as unknown as Record<string, { prototype: object }>)[name]!;
  const methods = Object.getOwnPropertyNames(handle.prototype).filter((key) => key !== "constructor");
  const expected = membersOf(`Native${name}`).filter((key) => !fixedAtConstruction[name]?.includes(key));
  expect(methods.sort()).toEqual(expected.sort());
});
