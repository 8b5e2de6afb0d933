/**
 * Tags read once into small integers, so that the span rules never touch a string.
 *
 * A tag is a prefix of one character, a dash and a type (`B-PER`), or a prefix alone (`O`; `B` has the type `_`). A
 * tag without a prefix, such as `PER` or `creative-work`, is inside an entity of that whole name, as the pipeline
 * reads it; seqeval takes its first letter for the prefix, and so loses `ORG` as an `O`.
 */
import { shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";

/** Prefixes that the rules tell apart; every other one behaves alike. */
export const PREFIX = { O: 0, B: 1, I: 2, E: 3, S: 4, L: 5, U: 6, ".": 7, OTHER: 8 } as const;
export const PREFIX_COUNT = 9;

/** The type of `O` and of tags that name none. Always type 0 of a table. */
export const UNTYPED = "_";

export interface TagReading {
  /** The prefix is the last character, `PER-B`. Default false. */
  suffix?: boolean;
}

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
export function tableOfLabels(call: string, labels: readonly string[], reading?: TagReading): TagTable {
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new TorchnerError("EARG", `${call}: labels must be the tag names by id, ["O", "B-PER", ...].`);
  }
  return tagTable([...labels], reading);
}

/** @throws {TorchnerError} `EARG` for a tag that is not a string or is empty. */
export function tagTable(tags: readonly string[], { suffix = false }: TagReading = {}): TagTable {
  const prefixes = new Uint8Array(tags.length);
  const typeIds = new Int32Array(tags.length);
  const types = [UNTYPED];
  const typeIdOf = new Map([[UNTYPED, 0]]);
  tags.forEach((tag, id) => {
    if (typeof tag !== "string" || tag === "") {
      throw new TorchnerError(
        "EARG",
        `labels[${id}] must be a tag such as "B-PER" or "O", not ${shown(tag)}.`,
      );
    }
    const { prefix, type } = readTag(tag, suffix);
    prefixes[id] = prefix;
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

/** One character as Python counts them, which may be two UTF-16 units, alone or with a dash and a type. */
const prefixed = /^(.)(?:-(.*))?$/su;
const suffixed = /^(?:(.*)-)?(.)$/su;

function readTag(tag: string, suffix: boolean): { prefix: number; type: string } {
  const found = suffix ? suffixed.exec(tag) : prefixed.exec(tag);
  if (!found) return { prefix: PREFIX.I, type: tag };
  const [letter, type] = suffix ? [found[2]!, found[1]] : [found[1]!, found[2]];
  const known = Object.hasOwn(PREFIX, letter) && letter !== "OTHER";
  return { prefix: known ? PREFIX[letter as keyof typeof PREFIX] : PREFIX.OTHER, type: type || UNTYPED };
}
