/** What `torchner evaluate` does once its options are known. */
import { type Dataset, DatasetDict } from "../data/dataset.ts";
import { wordPlace } from "../data/labels.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { tokenizeAndAlignLabels } from "../data/tokenize_and_align.ts";
import type { EncodedExample, Example } from "../data/types.ts";
import { type AnalysedSentence, type Analysis, analyse, entityTypes } from "../metrics/analysis.ts";
import { type EntityScores, evaluateEntities, flattenEntityScores } from "../metrics/entities.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { argmaxRow, softmaxRow } from "../pipeline/logits.ts";
import { decoderOf, logProbabilities } from "../pipeline/viterbi.ts";
import type { Tokenizer } from "../tokenization/tokenizer.ts";
import { TrainingArguments } from "../training/arguments.ts";
import { sentencesOf, windowsNote } from "../training/sentences.ts";
import { Trainer } from "../training/trainer.ts";
import { firstPieces } from "../training/words.ts";
import { analysisText } from "./analysis_text.ts";
import { openClassifier } from "./classifier.ts";
import type { EvaluateOptions } from "./commands/evaluate.ts";
import { grouped, percent, signedPercent } from "./figures.ts";
import { readingOptions } from "./reading_options.ts";
import { recordingSeqeval } from "./recorder.ts";
import { scoreTable } from "./score_table.ts";
import { longSequencesFor, sequenceLength } from "./sequence_length.ts";
import type { Terminal } from "./terminal.ts";

interface Parts {
  model: TokenClassificationModel;
  tokenizer: Tokenizer;
}

export async function evaluateFile(values: EvaluateOptions, terminal: Terminal): Promise<void> {
  const parts = await openClassifier(values.model!, values);
  try {
    await evaluate(parts, values, terminal);
  } finally {
    parts.model.dispose();
    parts.tokenizer.dispose();
  }
}

async function evaluate(parts: Parts, values: EvaluateOptions, terminal: Terminal): Promise<void> {
  const { model } = parts;
  const data = await readData(parts, values, terminal);
  const windows = windowsNote(data.encoded);
  if (windows) terminal.note(windows);
  let plain: EntityScores | undefined;
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      perDeviceEvalBatchSize: values.perDeviceEvalBatchSize,
      disableTqdm: true,
    }),
    evalDataset: data.encoded,
    processingClass: parts.tokenizer,
    computeMetrics: recordingSeqeval(model.labels, (found) => {
      plain = found;
    }),
  });
  const byWord = values.analysis || values.validTags;
  const found = byWord
    ? await trainer.predict(data.encoded, { returnLogits: true, metricKeyPrefix: "eval" })
    : { metrics: await trainer.evaluate() };
  const tagged = "predictions" in found ? tagWordsOf(data, found, model.labels, values.validTags) : undefined;
  const scores = tagged && values.validTags ? scoresOf(tagged) : plain!;
  const analysis = tagged && values.analysis ? analyse(tagged, { seen: await seenNames(values) }) : undefined;
  report({
    values,
    terminal,
    scores,
    plain: plain!,
    metrics: found.metrics,
    sentences: data.examples.length,
    analysis,
  });
}

interface EvaluationData {
  examples: readonly Example[];
  encoded: Dataset<EncodedExample>;
}

async function readData(
  { model, tokenizer }: Parts,
  values: EvaluateOptions,
  terminal: Terminal,
): Promise<EvaluationData> {
  const data = await loadDataset({
    validation: values.file!,
    ...(await readingOptions(values)),
    labelNames: model.labels,
    log: (line) => terminal.warn(line),
  });
  const encode = tokenizeAndAlignLabels(tokenizer, {
    maxLength: sequenceLength(model, tokenizer, values.maxSeqLength),
    longSequences: longSequencesFor(values.numerics, values.longSequences),
  });
  const validation = data.validation!.slice(0, values.maxEvalSamples);
  const encoded = await new DatasetDict({ validation, labels: data.labels }).map(encode);
  return { examples: validation.toArray(), encoded: encoded.validation! };
}

/** Every word with its gold tag, the tag it is given, and that tag's probability; words without a piece are `O`. */
function tagWordsOf(
  { examples, encoded }: EvaluationData,
  found: { predictions: Float32Array; labelIds: Int32Array; shape: readonly number[] },
  labels: readonly string[],
  validTags: boolean,
): AnalysedSentence[] {
  const [, width = 0, depth = 0] = found.shape;
  const outside = labels.indexOf("O");
  const decoder = validTags ? decoderOf(labels) : undefined;
  return sentencesOf(encoded).map((sentence, row) => {
    const example = examples[row]!;
    const columns = firstPieces(sentence, row, found);
    const probabilities = Array.from(columns, (column) =>
      column < 0 ? certain(outside, depth) : softmaxRow(found.predictions, row * width + column, depth),
    );
    const decided = decoder?.decode(logProbabilities(probabilities), columns.length);
    const ids = probabilities.map((one, word) => decided?.[word] ?? argmaxRow(one, 0, depth));
    return {
      words: example.tokens,
      gold: Array.from(sentence.wordLabels, (id) => labels[id]!),
      predicted: ids.map((id) => labels[id] ?? "O"),
      scores: ids.map((id, word) => probabilities[word]![id] ?? 1),
      place: (word: number) => wordPlace(example, row + 1, word),
    };
  });
}

function certain(label: number, labels: number): Float32Array {
  return new Float32Array(labels).fill(1, label, label + 1);
}

function scoresOf(tagged: readonly AnalysedSentence[]): EntityScores {
  const tags = (key: "gold" | "predicted") => tagged.map((sentence) => [...sentence[key]]);
  return evaluateEntities(tags("gold"), tags("predicted"));
}

async function seenNames({ trainFile, ...values }: EvaluateOptions) {
  if (trainFile === undefined) return undefined;
  const data = await loadDataset({
    train: trainFile,
    ...(await readingOptions(values)),
    log: () => {},
  });
  return entityTypes(data.train.toArray().map(({ tokens, nerTags }) => ({ words: tokens, tags: nerTags! })));
}

interface Report {
  values: EvaluateOptions;
  terminal: Terminal;
  scores: EntityScores;
  /** Each word's likeliest tag, where `scores` are of valid ones. */
  plain: EntityScores;
  metrics: Record<string, unknown>;
  sentences: number;
  analysis?: Analysis;
}

function report({ values, terminal, scores, plain, metrics, sentences, analysis }: Report): void {
  const skipped = Number(metrics.eval_skipped_words ?? 0);
  const change = scores.overall_f1 - plain.overall_f1;
  terminal.document({
    ...flattenEntityScores(scores),
    loss: metrics.eval_loss,
    samples: sentences,
    skipped_words: skipped,
    ...(values.validTags && { valid_tags: { overall_f1_without: plain.overall_f1, change } }),
    ...(analysis && { analysis }),
  });
  terminal.result(scoreTable(scores, terminal.paint));
  terminal.result(
    `\n${values.file}: ${grouped(sentences)} sentences, accuracy of words ` +
      `${percent(scores.overall_accuracy)}, loss ${Number(metrics.eval_loss).toFixed(4)}`,
  );
  if (values.validTags) {
    terminal.result(
      `valid tags: F1 ${percent(plain.overall_f1)} -> ${percent(scores.overall_f1)} (${signedPercent(change)})`,
    );
  }
  if (analysis) terminal.result(analysisText(analysis, terminal.paint));
  if (skipped > 0)
    terminal.warn(`${skipped} words got no prediction (cut off, or no pieces); they count as O`);
}
