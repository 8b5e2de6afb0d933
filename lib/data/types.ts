/** Where an example stands in its file; messages name it as `file:line` (lines count from 1). */
export interface Source {
  file: string;
  line: number;
  /** Column files: word i stands i lines below `line`. */
  wordPerLine?: boolean;
  /** Column files with `-DOCSTART-` lines: how many of them stand before the sentence. */
  document?: number;
}

/** One sentence: words and one label name per word (`nerTags` is absent in unlabelled data). */
export interface Example {
  tokens: string[];
  nerTags?: string[];
  source?: Source;
}

/** Something that reading has changed or left out, so that nothing is changed in silence. */
export interface DataNote {
  /** The file, a count, and what was done: "x.conll: 3 words with several tags: the first one is taken". */
  message: string;
  /** Every place, as `file:line what`. */
  places: string[];
  /** Nothing that one would repair in the file: the count tells enough. */
  routine: boolean;
}

/** What a reader makes of a file. */
export interface ReadResult {
  examples: Example[];
  /** Names of integer tags, in order, where the file itself tells them. */
  labelNames?: string[];
  notes: DataNote[];
}

/**
 * One sentence as the model takes it, all arrays of the same length unless they say otherwise. They may lie in one
 * `ArrayBuffer`.
 */
export interface EncodedExample {
  inputIds: Int32Array;
  tokenTypeIds: Int32Array;
  /** 1 everywhere; 0 only at padding of the fixed-length policy. */
  attentionMask: Int32Array;
  /** Label id per piece, -100 where no label is due. */
  labels: Int32Array;
  /** Word index per piece, -1 for special tokens and padding. */
  wordIds: Int32Array;
  /**
   * Gold label id per *word* of the whole sentence, cut-off words and words with no pieces included; the windows of a
   * sentence share the array.
   */
  wordLabels: Int32Array;
  source?: Source;
  /** A row of several that cover one sentence, in order; each word has its label, and its word id, in one of them. */
  window?: SentenceWindow;
}

export interface SentenceWindow {
  /** From 0 within the sentence. */
  index: number;
  /** Of the first: what the sentence is in Hugging Face, cut at the maximum length. */
  truncated?: EncodedExample;
}

/** A collated batch, row-major `[rows, width]`; what the model's `forward` takes. */
export interface Batch {
  shape: readonly [rows: number, width: number];
  inputIds: Int32Array;
  attentionMask: Int32Array;
  tokenTypeIds: Int32Array;
  labels?: Int32Array;
}

export type { LabelStrategy } from "../tokenization/align.ts";
