/** From a record with words and tags, as JSON, Parquet and Arrow hold them, to an example. */
import { kindOf } from "../messages/checks.ts";
import { editDistance, nearestNames } from "../messages/suggest.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Notes } from "./notes.ts";
import { tagName } from "./tags.ts";
import type { Example, Source } from "./types.ts";

export interface RecordOptions {
  /** Key of the words; default `tokens`. */
  textColumn?: string;
  /** Key of the tags; default `ner_tags`. */
  labelColumn?: string;
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
  /** `optional`: a file whose first record has no tags has none at all. Default `required`. */
  labels?: "required" | "optional";
}

/** Turns one record of a file into an example; `place` begins its messages, as `file:line`. */
export type RecordReader = (record: Record<string, unknown>, source: Source, place: string) => Example;

/**
 * A reader for the records of one file, in order: the first one says whether the file has tags.
 * @throws {TorchnerError} (the reader) `EDATA` for a record without the keys, words and tags that differ in number,
 *   integer tags without names.
 */
export function recordReader(options: RecordOptions, notes: Notes): RecordReader {
  const { textColumn = "tokens", labelColumn = "ner_tags", labelNames } = options;
  let labelled: boolean | undefined =
    options.labels !== "optional" || options.labelColumn !== undefined ? true : undefined;
  return (record, source, place) => {
    // Only the key's spelling tells an unlabelled record from one with a mistyped key.
    labelled ??= Object.keys(record).some((key) => isAlmost(key, labelColumn));
    const tokens = wordsOf(arrayOf(record, textColumn, "text", place), place);
    const example: Example = { tokens, source };
    if (labelled) {
      const tags = arrayOf(record, labelColumn, "label", place);
      if (tags.length !== tokens.length) {
        throw new TorchnerError(
          "EDATA",
          `${place}: ${tokens.length} words but ${tags.length} tags; give every word one tag.`,
        );
      }
      example.nerTags = tags.map((tag, i) => tagName(tag, labelNames, `${place}, word ${i + 1}`, notes));
    } else if (Object.hasOwn(record, labelColumn)) {
      throw new TorchnerError(
        "EDATA",
        `${place}: has ${labelColumn}, but the records before it have none; label all of the file or nothing.`,
      );
    }
    return example;
  };
}

/** Refuses a file without a record. */
export function checkNotEmpty(examples: readonly Example[], file: string): void {
  if (examples.length > 0) return;
  throw new TorchnerError("EDATA", `${file}:1: no record in the file; ${recordShape}.`);
}

export const recordShape = 'give one object a line, {"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}';

/** @throws {TorchnerError} `EDATA` for anything but an object. */
export function asRecord(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TorchnerError("EDATA", `${place}: ${kindOf(value)} where a record is due; ${recordShape}.`);
}

function arrayOf(
  record: Record<string, unknown>,
  key: string,
  column: "text" | "label",
  place: string,
): unknown[] {
  if (Object.hasOwn(record, key)) {
    const value = record[key];
    if (Array.isArray(value)) return value;
    throw new TorchnerError(
      "EDATA",
      `${place}: ${key} is ${kindOf(value)}; give an array with one ${column === "text" ? "word" : "tag"} per word.`,
    );
  }
  const keys = Object.keys(record);
  const [near] = nearestNames(key, keys);
  const remedy = near
    ? `did you mean ${near}? Name it with ${column}Column (--${column}-column-name)`
    : `its keys are ${keys.join(", ") || "none"}; name the right one with ${column}Column (--${column}-column-name)`;
  throw new TorchnerError("EDATA", `${place}: no key ${key}; ${remedy}.`);
}

/** `nerTags` and `ner_tag` mean `ner_tags`; `pos_tags`, a column that is often beside it, does not. */
function isAlmost(key: string, name: string): boolean {
  const letters = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
  return editDistance(letters(key), letters(name)) <= 2;
}

function wordsOf(values: unknown[], place: string): string[] {
  if (values.length === 0) {
    throw new TorchnerError("EDATA", `${place}: a sentence without words; take the line out.`);
  }
  for (const [i, word] of values.entries()) {
    if (typeof word === "string" && word !== "") continue;
    const found = word === "" ? "empty" : kindOf(word);
    throw new TorchnerError(
      "EDATA",
      `${place}: word ${i + 1} is ${found}; every word is a text that is not empty.`,
    );
  }
  return values as string[];
}
