/**
 * Entities in the six ways of writing them as tags, from tags and back. Pure.
 *
 * Scores read tags as seqeval does (metrics/schemes.ts), which drops what is malformed and cannot read all of IOE1; data
 * must not lose anything, so here every entity is read, and every slip told.
 */
import { allowedPrefixes, type Scheme, schemes } from "../metrics/schemes.ts";
import type { Example } from "./types.ts";

/** Words `start` to `end`, both included. */
export interface EntitySpan {
  type: string;
  start: number;
  end: number;
}

/** A tag that has no place in its scheme where it stands. */
export interface TagFault {
  word: number;
  message: string;
}

interface Tag {
  prefix: string;
  type: string;
}

function parse(tag: string | undefined): Tag {
  if (tag === undefined || tag === "O") return { prefix: "O", type: "" };
  return { prefix: tag[0]!, type: tag.slice(2) };
}

/**
 * The entities that tags stand for. What the scheme does not allow is read as leniently as conlleval does, and told in
 * `faults`.
 */
export function readEntities(
  tags: readonly string[],
  scheme: Scheme,
): { entities: EntitySpan[]; faults: TagFault[] } {
  const entities: EntitySpan[] = [];
  const faults: TagFault[] = [];
  let open: EntitySpan | undefined;
  for (let word = 0; word < tags.length; word++) {
    const before = parse(tags[word - 1]);
    const tag = parse(tags[word]);
    const after = parse(tags[word + 1]);
    const message = faultOf(tags, word, scheme);
    if (message !== undefined) faults.push({ word, message });
    if (tag.prefix === "O" || tag.type === "") {
      open = undefined;
      continue;
    }
    if (!open || begins(before, tag, scheme)) {
      open = { type: tag.type, start: word, end: word };
      entities.push(open);
    } else open.end = word;
    if (ends(tag, after, scheme)) open = undefined;
  }
  return { entities, faults };
}

/** Whether an entity begins here although one is open before. */
function begins(before: Tag, tag: Tag, scheme: Scheme): boolean {
  if (before.type !== tag.type) return true;
  if (scheme === "IOBES" || scheme === "BILOU") return "BSU".includes(tag.prefix);
  return tag.prefix === "B";
}

/** Whether the entity ends here whatever comes after. */
function ends(tag: Tag, after: Tag, scheme: Scheme): boolean {
  if (tag.type !== after.type) return true;
  if (scheme === "IOE1" || scheme === "IOE2") return tag.prefix === "E";
  return "ESLU".includes(tag.prefix);
}

function faultOf(tags: readonly string[], word: number, scheme: Scheme): string | undefined {
  const name = tags[word]!;
  if (name === "O") return undefined;
  if (!/^.-./su.test(name)) return `${name} has no ${name.length > 1 && name[1] !== "-" ? "prefix" : "type"}`;
  const tag = parse(name);
  if (!allowedPrefixes(scheme).includes(tag.prefix)) return `${name} is no tag of ${scheme}`;
  const before = parse(tags[word - 1]);
  const after = parse(tags[word + 1]);
  const follows = word === 0 ? "begins the sentence" : `follows ${tags[word - 1]}`;
  const next = word + 1 === tags.length ? "the sentence ends" : `${tags[word + 1]} follows`;
  const inside = before.type === tag.type && "BI".includes(before.prefix);
  const goesOn = after.type === tag.type;
  switch (scheme) {
    case "IOB2":
      return tag.prefix === "I" && !inside ? `${name} ${follows}` : undefined;
    case "IOE2":
      return tag.prefix === "I" && !goesOn ? `${next} ${name}` : undefined;
    case "IOB1":
    case "IOE1":
      return undefined; // a border where none is needed, as CoNLL-2003 itself has some, leaves no doubt
    default: {
      const [last, single] = scheme === "IOBES" ? "ES" : "LU";
      if ((tag.prefix === "I" || tag.prefix === last) && !inside) return `${name} ${follows}`;
      const open = tag.prefix === "B" || tag.prefix === "I";
      if (open && !(goesOn && (after.prefix === "I" || after.prefix === last))) return `${next} ${name}`;
      return tag.prefix === single || tag.prefix === last || open ? undefined : `${name} ${follows}`;
    }
  }
}

/** Tags of entities that do not overlap, in order. */
export function writeTags(entities: readonly EntitySpan[], words: number, scheme: Scheme): string[] {
  const tags = Array<string>(words).fill("O");
  for (const [i, { type, start, end }] of entities.entries()) {
    const previous = entities[i - 1];
    const next = entities[i + 1];
    const touchesPrevious = previous?.type === type && previous.end === start - 1;
    const touchesNext = next?.type === type && next.start === end + 1;
    for (let word = start; word <= end; word++) {
      const [first, last] = [word === start, word === end];
      tags[word] = `${letterOf(scheme, { first, last, touchesPrevious, touchesNext })}-${type}`;
    }
  }
  return tags;
}

function letterOf(
  scheme: Scheme,
  {
    first,
    last,
    touchesPrevious,
    touchesNext,
  }: { first: boolean; last: boolean; touchesPrevious: boolean; touchesNext: boolean },
): string {
  switch (scheme) {
    case "IOB1":
      return first && touchesPrevious ? "B" : "I";
    case "IOB2":
      return first ? "B" : "I";
    case "IOE1":
      return last && touchesNext ? "E" : "I";
    case "IOE2":
      return last ? "E" : "I";
    default: {
      const [ending, single] = scheme === "IOBES" ? "ES" : "LU";
      if (first && last) return single!;
      return first ? "B" : last ? ending! : "I";
    }
  }
}

/**
 * The scheme that tags are written in: of those that have all the prefixes, the one with the fewest tags that are wrong
 * or, in IOB1 and IOE1, borders where none is needed; of equals the commoner. Undefined without an entity.
 */
export function schemeOfTags(sentences: Iterable<readonly string[]>): Scheme | undefined {
  const all = [...sentences];
  const prefixes = new Set(all.flat().map((tag) => parse(tag).prefix));
  prefixes.delete("O");
  if (prefixes.size === 0) return undefined;
  const common: Scheme[] = ["IOB2", "IOBES", "BILOU", "IOB1", "IOE2", "IOE1"];
  const fitting = common.filter((scheme) =>
    [...prefixes].every((prefix) => allowedPrefixes(scheme).includes(prefix)),
  );
  const counted = (fitting.length > 0 ? fitting : common.slice(0, 1)).map((scheme) => ({
    scheme,
    count: all.reduce((sum, tags) => sum + unusual(tags, scheme), 0),
  }));
  return counted.reduce((best, one) => (one.count < best.count ? one : best)).scheme;
}

/** As `schemeOfTags`, of sentences. */
export function schemeOfExamples(examples: readonly Example[]): Scheme | undefined {
  return schemeOfTags(tagsOf(examples));
}

/** Each sentence's tags; none where it has none. */
export function tagsOf(examples: readonly Example[]): string[][] {
  return examples.map(({ nerTags }) => nerTags ?? []);
}

function unusual(tags: readonly string[], scheme: Scheme): number {
  if (scheme !== "IOB1" && scheme !== "IOE1") return readEntities(tags, scheme).faults.length;
  const [border, step] = scheme === "IOB1" ? ["B", -1] : ["E", 1];
  const isNeedless = (word: number) => {
    const { prefix, type } = parse(tags[word]);
    return prefix === border && parse(tags[word + Number(step)]).type !== type;
  };
  return tags.reduce((sum, _, word) => sum + Number(isNeedless(word)), 0);
}

/** A scheme by its name in any case. */
export function schemeNamed(name: string): Scheme | undefined {
  return schemes.find((scheme) => scheme === name.toUpperCase());
}
