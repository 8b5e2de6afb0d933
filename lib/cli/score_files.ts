/** What `torchner score` does: one file's scores, or several side by side. */
import { describeNote } from "../data/notes.ts";
import { readScoredColumns, readScoredFiles, type ScoredTags } from "../data/scored_tags.ts";
import { type Comparison, pairedBootstrap } from "../metrics/bootstrap.ts";
import { conllevalReport } from "../metrics/conlleval.ts";
import { type EntityScores, flattenEntityScores, scoresOf } from "../metrics/entities.ts";
import { classificationReport } from "../metrics/report.ts";
import { countBySentence } from "../metrics/scores.ts";
import { type Counted, countTags, type ScoringOptions } from "../metrics/scoring.ts";
import { defaultSpans } from "../metrics/spans.ts";
import { TorchnerError } from "../native/errors.ts";
import type { ScoreOptions } from "./commands/score.ts";
import { grouped, percent } from "./figures.ts";
import { readingOptions } from "./reading_options.ts";
import { comparisonTable, scoreTable } from "./score_table.ts";
import type { Terminal } from "./terminal.ts";

interface Scored {
  name: string;
  tags: ScoredTags;
  counted: Counted;
  scores: EntityScores;
}

export async function scoreFiles(
  files: readonly string[],
  values: ScoreOptions,
  terminal: Terminal,
): Promise<void> {
  const { mode, scheme, suffix } = values;
  const scoring: ScoringOptions = { mode, scheme, suffix, zeroDivision: values.zeroDivision === "1" ? 1 : 0 };
  const systems: Scored[] = [];
  for (const name of values.gold === undefined ? files : [values.pred!]) {
    const tags = await read(name, values);
    for (const note of tags.notes) terminal.warn(describeNote(note));
    const counted = countTags(name, tags.gold, tags.predicted, scoring);
    if (mode === "strict") warnOfMalformed(name, counted, terminal);
    systems.push({ name, tags, counted, scores: scoresOf(counted, scoring) });
  }
  if (values.compare) checkSameGold(systems);
  const [first, ...others] = systems as [Scored, ...Scored[]];
  const comparisons = values.compare ? others.map((other) => compare(first, other, values)) : [];

  if (others.length === 0) terminal.document(flattenEntityScores(first.scores));
  else terminal.document(documentOf(systems, comparisons));
  for (const system of systems) {
    if (others.length > 0 && values.format !== "table") terminal.result(`\n${system.name}`);
    if (others.length === 0 || values.format !== "table")
      terminal.result(reportOf(system, values, scoring, terminal));
  }
  if (others.length > 0) terminal.result(comparisonTable(systems, comparisons, terminal.paint));
}

async function read(name: string, values: ScoreOptions): Promise<ScoredTags> {
  if (values.gold === undefined) return readScoredColumns(name, { encoding: values.encoding });
  return readScoredFiles(values.gold, name, await readingOptions(values));
}

/** What strict reading drops from gold is missing from recall: a wrong scheme should not look like a good score. */
function warnOfMalformed(name: string, { streams, readSpans }: Counted, terminal: Terminal): void {
  const kept = readSpans(streams.gold, streams.table).count;
  const all = defaultSpans(streams.gold, streams.table).count;
  if (kept >= all) return;
  terminal.warn(`${name}: ${grouped(all - kept)} of ${grouped(all)} gold entities are none by the scheme`);
}

function reportOf(
  { name, tags, counted, scores }: Scored,
  { format, digits }: ScoreOptions,
  scoring: ScoringOptions,
  terminal: Terminal,
): string {
  if (format === "report") return classificationReport(tags.gold, tags.predicted, { ...scoring, digits });
  if (format === "conlleval") return conllevalReport(counted);
  const summary = `${grouped(tags.gold.length)} sentences, accuracy of words ${percent(scores.overall_accuracy)}`;
  return `${scoreTable(scores, terminal.paint)}\n\n${name}: ${summary}`;
}

/** Only predictions of the same sentences can be compared. */
function checkSameGold([first, ...others]: readonly Scored[]): void {
  for (const { name, tags } of others) {
    const { gold } = first!.tags;
    const at = tags.gold.findIndex((sentence, i) => sentence.join(" ") !== gold[i]?.join(" "));
    if (at < 0 && tags.gold.length === gold.length) continue;
    const sentence = (at < 0 ? Math.min(tags.gold.length, gold.length) : at) + 1;
    throw new TorchnerError(
      "EDATA",
      `${name} and ${first!.name} have other gold tags (from sentence ${sentence} on); --compare needs predictions of ` +
        "the same sentences in the same order.",
    );
  }
}

function compare(base: Scored, other: Scored, { samples, seed }: ScoreOptions): Comparison {
  const bySentence = ({ counted }: Scored) => countBySentence(counted.streams, counted.readSpans);
  return pairedBootstrap(bySentence(base), bySentence(other), { samples, seed });
}

function documentOf(systems: readonly Scored[], comparisons: readonly Comparison[]) {
  const files = systems.map(({ name, scores }) => ({ file: name, ...flattenEntityScores(scores) }));
  if (comparisons.length === 0) return { files };
  const compared = comparisons.map(({ pValue, ...rest }, i) => {
    return { base: systems[0]!.name, file: systems[i + 1]!.name, ...rest, p_value: pValue };
  });
  return { files, comparisons: compared };
}
