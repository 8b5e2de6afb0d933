import { shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Notes } from "./notes.ts";
import { readText } from "./read_text.ts";

/**
 * One word's tag as files have it, as a label name. An integer (JSON's, or digits in a column) is an index
 * into `labelNames`; digits that are a label name themselves are that name. Of several tags, `B-a,B-b`, the first one
 * is taken, and `notes` say so.
 *
 * @param place  `file:line` or `file:line, word n`, for the message.
 * @throws {TorchnerError} `EDATA` for an integer without names or outside them, or a tag of another type.
 */
export function tagName(
  tag: unknown,
  labelNames: readonly string[] | undefined,
  place: string,
  notes: Notes,
): string {
  if (typeof tag === "string") {
    if (tag.trim() === "") {
      throw new TorchnerError(
        "EDATA",
        `${place}: the tag is empty; write O for a word outside every entity.`,
      );
    }
    if (labelNames?.includes(tag)) return tag;
    if (severalTags.test(tag)) {
      notes.add("severalTags", `${place} ${tag}`);
      return tag.slice(0, tag.indexOf(","));
    }
    if (!isDigits(tag)) return tag;
  } else if (!Number.isInteger(tag)) {
    throw new TorchnerError(
      "EDATA",
      `${place}: the tag is ${JSON.stringify(tag)}; tags are label names such as "B-PER", or integers with label names.`,
    );
  }
  if (labelNames === undefined) {
    throw new TorchnerError(
      "EDATA",
      `${place}: the tag is the integer ${tag}, which has no name; give the names in the order of the integers: ` +
        "labelNames, or --label-names O,B-PER,... (or a file with one name a line).",
    );
  }
  const name = labelNames[Number(tag)];
  if (name === undefined) {
    throw new TorchnerError(
      "EDATA",
      `${place}: the tag is the integer ${tag}, but the ${labelNames.length} label names stand for ` +
        `0 to ${labelNames.length - 1}; repair the tag or give all names.`,
    );
  }
  return name;
}

/** Only where each part is a tag of its own: a label may well hold a comma. */
const severalTags = /^(O|[BIESLU]-[^,]+)(,(O|[BIESLU]-[^,]+))+$/;

/**
 * Label names as they may be given: an array, or a text that is `a,b,c` or the path of a file with one name
 * a line.
 *
 * @throws {TorchnerError} `EARG` for none, an empty or a repeated name; `EIO`, `EDATA` from reading the file.
 */
export async function resolveLabelNames(given: readonly string[] | string): Promise<string[]> {
  const names = typeof given === "string" ? await namesOf(given) : given;
  if (!Array.isArray(names) || names.length === 0) {
    throw new TorchnerError("EARG", "labelNames has no name; give them in order, e.g. O,B-PER,I-PER.");
  }
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (typeof name !== "string" || name.trim() === "") {
      throw new TorchnerError(
        "EARG",
        `labelNames: name ${i} is ${shown(name)}; every name is a text that is not empty.`,
      );
    }
    if (seen.has(name)) {
      throw new TorchnerError("EARG", `labelNames holds ${name} twice; each name stands for one label id.`);
    }
    seen.add(name);
  }
  return [...names];
}

async function namesOf(text: string): Promise<string[]> {
  if (text.includes(",")) return text.split(",").map((name) => name.trim());
  const lines = (await readText(text)).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "");
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
