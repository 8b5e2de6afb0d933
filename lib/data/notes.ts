import type { DataNote } from "./types.ts";

/** What reading may have to change or leave out: what is counted, and what was done with it. */
const messages = {
  comments: ["comment line", "left out"],
  severalTags: ["word", "with several tags: the first one is taken"],
  wordNumbers: ["column", "of word numbers passed over: the words are read from the next one"],
  noWords: ["line", "numbered as a range (1-2) or an empty node (2.1), left out: no words of their own"],
  widened: ["span", "off the word borders, widened to whole words"],
  cut: ["span", "over a line break, cut there"],
  overlapping: ["span", "overlapping a longer one, left out"],
  wordless: ["span", "without a word, left out"],
  discontinuous: ["span", "with a gap, taken from the first to the last character"],
  otherText: ["span", "over another text than its annotation says: is this the text that was annotated?"],
  emptyText: ["text", "without a word, left out"],
  withoutFile: ["text", "without an .ann file beside it, taken as one without an entity"],
  rejected: ["text", "rejected or skipped by the annotator, left out"],
  unannotated: ["task", "without an annotation, left out"],
  cancelled: ["annotation", "that was cancelled, left out"],
  several: ["task", "with several annotations: the first one is taken"],
  otherLines: ["line", "without an entity (a relation, an event, a note, ...), left out"],
  otherResults: ["result", "that labels no text (a choice, a relation, ...), left out"],
} as const satisfies Record<string, readonly [counted: string, done: string]>;

/** Where the count tells enough. */
const routine: readonly NoteKind[] = ["comments", "severalTags", "wordNumbers", "noWords"];

export type NoteKind = keyof typeof messages;

/** Collects what happened while one file was read, by kind. */
export class Notes {
  readonly #places = new Map<NoteKind, string[]>();

  /** @param place  `file:line`, and what stands there. */
  add(kind: NoteKind, place: string): void {
    const places = this.#places.get(kind) ?? [];
    places.push(place);
    this.#places.set(kind, places);
  }

  toNotes(file: string): DataNote[] {
    return [...this.#places].map(([kind, places]) => {
      const [counted, done] = messages[kind];
      const count = `${places.length.toLocaleString("en-US")} ${counted}${places.length === 1 ? "" : "s"}`;
      return { message: `${file}: ${count} ${done}`, places, routine: routine.includes(kind) };
    });
  }
}

/** A note for people to read: every place, or of a routine one the first few. */
export function describeNote({ message, places, routine }: DataNote): string {
  const shown = routine ? places.slice(0, 3) : places;
  const more = places.length - shown.length;
  return [message, ...shown, ...(more > 0 ? [`and ${more.toLocaleString("en-US")} more`] : [])].join("\n  ");
}
