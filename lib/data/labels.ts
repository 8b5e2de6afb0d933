import { TorchnerError } from "../native/errors.ts";
import type { Example } from "./types.ts";

/**
 * The labels that occur, sorted by code point: the order of Python's `sorted`, and so the label ids that
 * run_ner gives the same data.
 */
export function collectLabels(examples: Iterable<Example>): string[] {
  const labels = new Set<string>();
  for (const { nerTags } of examples) for (const tag of nerTags ?? []) labels.add(tag);
  // UTF-8 bytes sort as code points do; UTF-16 units, JavaScript's own order, do not.
  return [...labels].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/**
 * Refuses a label outside `labels`, before a model is built for them.
 *
 * @param owner  Where `labels` come from, as the message says it: "the training data", "labelNames".
 * @throws {TorchnerError} `EDATA` naming file:line, the label and what to do.
 */
export function checkLabels(examples: Iterable<Example>, labels: readonly string[], owner: string): void {
  const known = new Set(labels);
  let number = 0;
  for (const example of examples) {
    number += 1;
    const at = example.nerTags?.findIndex((tag) => !known.has(tag)) ?? -1;
    if (at < 0) continue;
    const tag = example.nerTags![at]!;
    const remedy = tag.includes(",")
      ? "several tags in one place: keep one of them"
      : `correct the tag, or add it to ${owner} (${listed(labels)})`;
    throw new TorchnerError(
      "EDATA",
      `${wordPlace(example, number, at)}: ${owner} has no label ${tag}; ${remedy}.`,
    );
  }
}

/** `file:line` of a word, or its sentence and number where the file has no line for it. */
export function wordPlace(example: Example, number: number, word: number): string {
  const { source, tokens } = example;
  if (source?.wordPerLine) return `${source.file}:${source.line + word}`;
  return `${examplePlace(example, number)}, word ${word + 1} (${JSON.stringify(tokens[word])})`;
}

/** `file:line` of a sentence, or `example n` (from 1) where it came from no file. */
export function examplePlace({ source }: Pick<Example, "source">, number: number): string {
  return source ? `${source.file}:${source.line}` : `example ${number}`;
}

function listed(labels: readonly string[]): string {
  const shown = labels.slice(0, 12).join(", ");
  return labels.length > 12 ? `${shown}, ...` : shown;
}
