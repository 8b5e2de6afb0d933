/**
 * From tags to entity spans by seqeval's default rules, which are conlleval's: lenient, so that `I-PER`
 * after `O` opens a span and a change of type closes one.
 *
 * Other functions of the same shape (`SpanReader`) read a scheme strictly; counting and scores know only spans.
 */
import { PREFIX, PREFIX_COUNT, type TagTable } from "./tags.ts";

/** Stands between sentences in a stream of tag ids, and reads as `O`: no span crosses it. */
export const BORDER = -1;

/**
 * Spans by rising end, at most one per end. `starts` and `ends` are positions in the stream (borders
 * counted), both inclusive.
 */
export interface Spans {
  readonly count: number;
  readonly typeIds: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Reads the spans of a stream of tag ids in which every sentence is followed by a `BORDER`. */
export type SpanReader = (stream: Int32Array, table: TagTable) => Spans;

/** A list of spans to be filled, of a stream of so many positions. */
export function openSpans(positions: number) {
  const spans = {
    count: 0,
    typeIds: new Int32Array(positions),
    starts: new Int32Array(positions),
    ends: new Int32Array(positions),
  };
  const add = (typeId: number, start: number, end: number) => {
    spans.typeIds[spans.count] = typeId;
    spans.starts[spans.count] = start;
    spans.ends[spans.count] = end;
    spans.count++;
  };
  return { spans, add };
}

const endsBetween = transitions(
  (previous, current) =>
    previous === PREFIX.E ||
    previous === PREFIX.S ||
    ((previous === PREFIX.B || previous === PREFIX.I) &&
      (current === PREFIX.B || current === PREFIX.S || current === PREFIX.O)),
);

const startsBetween = transitions(
  (previous, current) =>
    current === PREFIX.B ||
    current === PREFIX.S ||
    ((previous === PREFIX.E || previous === PREFIX.S || previous === PREFIX.O) &&
      (current === PREFIX.E || current === PREFIX.I)),
);

/** By prefix: 1 where a tag that follows itself neither ends nor starts a span, and can be passed over. */
const goesOn = Uint8Array.from({ length: PREFIX_COUNT }, (_, prefix) => {
  const pair = prefix * PREFIX_COUNT + prefix;
  return Number(!endsBetween[pair] && !startsBetween[pair]);
});

export const defaultSpans: SpanReader = (stream, table) => {
  const { prefixes, typeIds } = table;
  const { spans, add } = openSpans(stream.length);
  let previous = BORDER;
  let previousPrefix: number = PREFIX.O;
  let previousType = 0;
  // Not reset where a span ends: with tags such as `X`, which no rule opens, seqeval closes a span that
  // began where the last one did, and its figures are the ones to reproduce.
  let start = 0;
  for (let i = 0; i < stream.length; i++) {
    const tag = stream[i]!;
    if (tag === previous && goesOn[previousPrefix]) continue;
    const prefix = tag === BORDER ? PREFIX.O : prefixes[tag]!;
    const type = tag === BORDER ? 0 : typeIds[tag]!;
    const pair = previousPrefix * PREFIX_COUNT + prefix;
    if (endsBetween[pair] || (type !== previousType && carriesType(previousPrefix))) {
      add(previousType, start, i - 1);
    }
    if (startsBetween[pair] || (type !== previousType && carriesType(prefix))) start = i;
    previous = tag;
    previousPrefix = prefix;
    previousType = type;
  }
  return spans;
};

/** Whether a change of type at this tag is a border of a span; `.` is conlleval's historical exception. */
function carriesType(prefix: number): boolean {
  return prefix !== PREFIX.O && prefix !== PREFIX["."];
}

function transitions(rule: (previous: number, current: number) => boolean): Uint8Array {
  const table = new Uint8Array(PREFIX_COUNT * PREFIX_COUNT);
  for (let pair = 0; pair < table.length; pair++) {
    table[pair] = Number(rule(Math.trunc(pair / PREFIX_COUNT), pair % PREFIX_COUNT));
  }
  return table;
}
