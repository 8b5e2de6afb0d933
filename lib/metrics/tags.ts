/**
 * Tags read once into small integers, so that the span rules never touch a string.
 *
 * A tag's prefix is its first character and its type what follows the first dash (`B-PER`: B, PER). A tag
 * without a dash is read as seqeval reads it: `ORG` has prefix O and so stands outside; `B` has the type `_`.
 */
import { TorchnerError } from "../native/errors.ts";

/** First characters that the default rules tell apart; every other one behaves alike. */
export const PREFIX = { O: 0, B: 1, I: 2, E: 3, S: 4, DOT: 5, OTHER: 6 } as const;
export const PREFIX_COUNT = 7;

/** The type of `O` and of tags that name none. Always type 0 of a table. */
export const UNTYPED = "_";

/** Tag ids index `tags`, `prefixes` and `typeIds`; type ids index `types`. */
export interface TagTable {
  readonly tags: readonly string[];
  readonly prefixes: Uint8Array;
  readonly typeIds: Int32Array;
  readonly types: readonly string[];
}

/**
 * The table of a model's labels.
 * @param call  Whose argument they are, for the message.
 * @throws {TorchnerError} `EARG` for labels that are no tags, or none at all.
 */
export function tableOfLabels(call: string, labels: readonly string[]): TagTable {
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new TorchnerError("EARG", `${call}: labels must be the tag names by id, ["O", "B-PER", ...].`);
  }
  return tagTable([...labels]);
}

/** @throws {TorchnerError} `EARG` for a tag that is not a string or is empty. */
export function tagTable(tags: readonly string[]): TagTable {
  const prefixes = new Uint8Array(tags.length);
  const typeIds = new Int32Array(tags.length);
  const types = [UNTYPED];
  const typeIdOf = new Map([[UNTYPED, 0]]);
  tags.forEach((tag, id) => {
    if (typeof tag !== "string" || tag === "") {
      throw new TorchnerError(
        "EARG",
        `labels[${id}] must be a tag such as "B-PER" or "O", not ${JSON.stringify(tag)}.`,
      );
    }
    prefixes[id] = prefixOf(tag);
    const type = typeOf(tag);
    let typeId = typeIdOf.get(type);
    if (typeId === undefined) {
      typeId = types.length;
      types.push(type);
      typeIdOf.set(type, typeId);
    }
    typeIds[id] = typeId;
  });
  return { tags, prefixes, typeIds, types };
}

function prefixOf(tag: string): number {
  switch (tag[0]) {
    case "O":
      return PREFIX.O;
    case "B":
      return PREFIX.B;
    case "I":
      return PREFIX.I;
    case "E":
      return PREFIX.E;
    case "S":
      return PREFIX.S;
    case ".":
      return PREFIX.DOT;
    default:
      return PREFIX.OTHER;
  }
}

function typeOf(tag: string): string {
  // The prefix is one character as Python counts them, which may be two UTF-16 units.
  const rest = tag.slice(tag.codePointAt(0)! > 0xffff ? 2 : 1);
  // `indexOf` gives -1 without a dash, and the whole rest is the type then.
  return rest.slice(rest.indexOf("-") + 1) || UNTYPED;
}
