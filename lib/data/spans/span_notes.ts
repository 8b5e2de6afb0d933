import type { DataNote } from "../types.ts";

/** What reading spans may have to change or leave out, as a sentence that begins with its count. */
const messages = {
  widened: "spans do not fall on word borders; they are widened to whole words",
  cut: "spans run over a line break; they are cut there",
  overlapping: "spans overlap a longer one; they are left out",
  wordless: "spans cover no word; they are left out",
  discontinuous: "spans have a gap; they are taken from their first to their last character",
  emptyText: "texts are empty; they are left out",
  rejected: "texts were rejected or skipped by the annotator; they are left out",
  unannotated: "tasks have no annotation; they are left out",
  cancelled: "annotations were cancelled; they are left out",
  several: "tasks have several annotations; the first is taken",
  otherLines: "lines are no entities (relations, events, notes, ...); they are left out",
  otherResults: "results are no labels of a text (choices, relations, ...); they are left out",
} as const;

export type NoteKind = keyof typeof messages;

/** Collects what happened, by kind. */
export class SpanNotes {
  readonly #places = new Map<NoteKind, string[]>();

  /** @param place  `file:line`, and what stands there. */
  add(kind: NoteKind, place: string): void {
    const places = this.#places.get(kind) ?? [];
    places.push(place);
    this.#places.set(kind, places);
  }

  toNotes(file: string): DataNote[] {
    return [...this.#places].map(([kind, places]) => ({
      message: `${file}: ${places.length} ${messages[kind]}`,
      places,
    }));
  }
}
