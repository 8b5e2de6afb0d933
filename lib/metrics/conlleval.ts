import { averageScore, type Counts, score, sum, tokenAccuracy } from "./scores.ts";
import type { Counted } from "./scoring.ts";
import { BORDER } from "./spans.ts";

/** The report of CoNLL's conlleval script, in its layout: percent, and the number of predicted entities per type. */
export function conllevalReport({ counts, streams, weights }: Counted): string {
  const tokens = streams.gold.reduce((total, tag) => total + Number(tag !== BORDER), 0);
  const total = sum(counts.values());
  const figures = (one: Counts, average = score(one)) =>
    `precision: ${percent(average.precision)}%; recall: ${percent(average.recall)}%; FB1: ${percent(average.f1)}`;
  const accuracy = percent(tokenAccuracy(streams, weights));
  return [
    `processed ${tokens} tokens with ${total.gold} phrases; found: ${total.predicted} phrases; correct: ${total.correct}.`,
    `accuracy: ${accuracy}%; ${figures(total, averageScore(counts.values(), "micro"))}`,
    ...[...counts].map(([type, one]) => `${type.padStart(17)}: ${figures(one)}  ${one.predicted}`),
  ].join("\n");
}

function percent(share: number): string {
  return (100 * share).toFixed(2).padStart(6);
}
