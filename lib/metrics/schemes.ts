/**
 * Entity spans by the rules of one scheme, as seqeval's strict mode reads them: a span that the scheme does not allow,
 * such as an `I-` after `O` in IOB2, is none.
 */
import { TorchnerError } from "../native/errors.ts";
import { BORDER, openSpans, type SpanReader } from "./spans.ts";
import { PREFIX, PREFIX_COUNT, type TagTable } from "./tags.ts";

export const schemes = ["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"] as const;
export type Scheme = (typeof schemes)[number];

/** `previous current type`: prefixes that may stand there (`*`: any), and whether the type is the `=` same, `!` another, `*` any. */
type Pattern = `${string} ${string} ${"=" | "!" | "*"}`;

interface Rules {
  allowed: string;
  start: readonly Pattern[];
  inside: readonly Pattern[];
  end: readonly Pattern[];
}

const rules: Record<Scheme, Rules> = {
  IOB1: {
    allowed: "IOB",
    start: ["O I *", "I I !", "B I *", "IB B ="],
    inside: ["BI I ="],
    end: ["I I !", "I OB *", "B O *", "B I !", "B B ="],
  },
  IOB2: {
    allowed: "IOB",
    start: ["* B *"],
    inside: ["BI I ="],
    end: ["IB OB *", "IB I !"],
  },
  IOE1: {
    allowed: "IOE",
    start: ["OE I *", "I I !", "E E ="],
    inside: ["I IE ="],
    end: ["I IE !", "I O *", "E IE ="],
  },
  IOE2: {
    allowed: "IOE",
    start: ["OE IE *", "I IE !"],
    inside: ["I IE ="],
    end: ["E * *"],
  },
  IOBES: {
    allowed: "IOBES",
    start: ["* BS *"],
    inside: ["BI IE ="],
    end: ["SE * *"],
  },
  BILOU: {
    allowed: "BILOU",
    start: ["* BU *"],
    inside: ["BI IL ="],
    end: ["UL * *"],
  },
};

/** Prefixes of a scheme's tags, `O` among them. */
export const allowedPrefixes = (scheme: Scheme) => rules[scheme].allowed;

const ids = (letters: string) => [...letters].map((letter) => PREFIX[letter as keyof typeof PREFIX]);
const EVERY = "OBIESLU";

/** Whether each (previous prefix, prefix, types are the same) matches one of the patterns. */
function matcher(patterns: readonly Pattern[]): Uint8Array {
  const table = new Uint8Array(2 * PREFIX_COUNT * PREFIX_COUNT);
  for (const pattern of patterns) {
    const [previous, current, type] = pattern.split(" ") as [string, string, string];
    for (const before of ids(previous.replace("*", EVERY))) {
      for (const now of ids(current.replace("*", EVERY))) {
        const place = 2 * (before * PREFIX_COUNT + now);
        if (type !== "=") table[place] = 1;
        if (type !== "!") table[place + 1] = 1;
      }
    }
  }
  return table;
}

/** A prefix that the scheme has no place for closes what stands before it, as `O` does. */
function prefixesWithin(table: TagTable, allowed: string): Uint8Array {
  const inScheme = new Set<number>(ids(allowed));
  return table.prefixes.map((prefix) => (inScheme.has(prefix) ? prefix : PREFIX.O));
}

/** The reader of one scheme. */
export function strictSpans(scheme: Scheme): SpanReader {
  const { allowed, ...patterns } = rules[scheme];
  const starts = matcher(patterns.start);
  const insides = matcher(patterns.inside);
  const ends = matcher(patterns.end);
  return (stream, table) => {
    const prefixes = prefixesWithin(table, allowed);
    const { spans, add } = openSpans(stream.length);
    const prefixAt = (i: number) => (i < 0 || stream[i] === BORDER ? PREFIX.O : prefixes[stream[i]!]!);
    const typeAt = (i: number) => (i < 0 || stream[i] === BORDER ? 0 : table.typeIds[stream[i]!]!);
    const matches = (rule: Uint8Array, i: number) =>
      rule[2 * (prefixAt(i - 1) * PREFIX_COUNT + prefixAt(i)) + Number(typeAt(i - 1) === typeAt(i))] === 1;
    for (let i = 0; i < stream.length; ) {
      if (!matches(starts, i)) {
        i++;
        continue;
      }
      let end = i + 1;
      while (matches(insides, end)) end++;
      if (matches(ends, end)) add(typeAt(i), i, end - 1);
      i = end;
    }
    return spans;
  };
}

/**
 * The scheme that tags are written in, by the prefixes that occur. IOB1 and IOE1 look like their successors and have to
 * be named, as in seqeval; undefined where the prefixes fit none, or `I` alone fits several.
 */
export function detectScheme(prefixes: ReadonlySet<number>): Scheme | undefined {
  const has = (letter: keyof typeof PREFIX) => prefixes.has(PREFIX[letter]);
  const within = (scheme: Scheme) => {
    const allowed = new Set<number>(ids(allowedPrefixes(scheme)));
    return [...prefixes].every((prefix) => allowed.has(prefix));
  };
  if (has("B") && within("IOB2")) return "IOB2";
  if (has("E") && within("IOE2")) return "IOE2";
  if ((has("S") || (has("B") && has("E"))) && within("IOBES")) return "IOBES";
  return (has("U") || (has("B") && has("L"))) && within("BILOU") ? "BILOU" : undefined;
}

/** Prefixes of the tags in a stream. */
export function prefixesOf(stream: Int32Array, table: TagTable): Set<number> {
  const found = new Set<number>();
  for (const tag of stream) if (tag !== BORDER) found.add(table.prefixes[tag]!);
  return found;
}

/** @throws {TorchnerError} `EDATA` for a gold tag that is none of the scheme's, naming the sentence. */
export function checkGoldTags(stream: Int32Array, table: TagTable, scheme: Scheme): void {
  const within = prefixesWithin(table, rules[scheme].allowed);
  let sentence = 1;
  for (const tag of stream) {
    if (tag === BORDER) sentence++;
    else if (within[tag] !== table.prefixes[tag]) {
      throw new TorchnerError(
        "EDATA",
        `sentence ${sentence}: the gold tag ${table.tags[tag]} is none of ${scheme}, whose tags begin with ` +
          `${[...rules[scheme].allowed].join(", ")}; name another scheme, or correct the tag.`,
      );
    }
  }
}
