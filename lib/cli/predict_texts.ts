/** What `torchner predict` does once its options are known. */
import { readFileLines, readLines } from "../data/read_lines.ts";
import { splitAtBlanks } from "../data/split_at_blanks.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import type { EntityGroup, TokenEntity } from "../pipeline/aggregation.ts";
import { pipeline } from "../pipeline/ner.ts";
import { readyChunks } from "../pipeline/ready_chunks.ts";
import { tagWords } from "../pipeline/tag_words.ts";
import type { Tokenizer } from "../tokenization/tokenizer.ts";
import { openClassifier } from "./classifier.ts";
import type { PredictOptions } from "./commands/predict.ts";
import { taggedText } from "./tagged_text.ts";
import type { Terminal } from "./terminal.ts";

type Entity = EntityGroup | TokenEntity;

/** Lines that are tagged before their results are printed: enough for full batches, few enough to see it move. */
const chunkSize = 256;

interface Classifier {
  model: TokenClassificationModel;
  tokenizer: Tokenizer;
}

export async function predictTexts(values: PredictOptions, terminal: Terminal): Promise<void> {
  const classifier = await openClassifier(values.model!, values);
  const counts = { texts: 0, skipped: 0 };
  try {
    const texts = counted(textsOf(values), counts);
    if (values.format === "conll") await printColumns(classifier, texts, { values, terminal, counts });
    else await printEntities(classifier, texts, { values, terminal });
  } finally {
    classifier.model.dispose();
    classifier.tokenizer.dispose();
  }
  if (counts.texts === 0) {
    terminal.warn(
      `${values.file ?? "standard input"} holds no text; give --text, --file or lines on standard input`,
    );
  }
  if (counts.skipped > 0)
    terminal.warn(`${counts.skipped} words got no prediction (no pieces); they are tagged O`);
}

/** One text a line; an empty line is an empty text, so that results and lines stay side by side. */
function textsOf({ text, file }: PredictOptions): AsyncIterable<string> | string[] {
  if (text !== undefined) return [text];
  return file === undefined ? readLines(process.stdin, "standard input") : readFileLines(file);
}

async function* counted(
  texts: AsyncIterable<string> | Iterable<string>,
  counts: { texts: number },
): AsyncGenerator<string> {
  for await (const text of texts) {
    counts.texts++;
    yield text;
  }
}

interface Output {
  values: PredictOptions;
  terminal: Terminal;
}

async function printEntities(
  { model, tokenizer }: Classifier,
  texts: AsyncIterable<string>,
  { values, terminal }: Output,
): Promise<void> {
  const { isSplitIntoWords } = values;
  const find = await pipeline("ner", model, {
    tokenizer,
    aggregationStrategy: values.aggregationStrategy,
    batchSize: values.perDeviceEvalBatchSize,
    stride: values.stride,
    isSplitIntoWords,
    validTags: values.validTags,
  });
  const call = find as unknown as (inputs: readonly (string | string[])[]) => Promise<Entity[][]>;
  const format = terminal.json ? "json" : (values.format ?? "text");
  const all: Entity[][] = [];
  for await (const lines of readyChunks(texts, chunkSize)) {
    const chunk = lines.map((text) => (isSplitIntoWords ? splitAtBlanks(text).join(" ") : text));
    const found = await call(isSplitIntoWords ? chunk.map(splitAtBlanks) : chunk);
    if (format === "json") all.push(...found);
    for (const [i, entities] of found.entries()) {
      if (format === "jsonl") terminal.result(JSON.stringify(entities));
      else if (format === "text") terminal.result(taggedText(chunk[i]!, entities, terminal.paint));
    }
    await terminal.drained();
  }
  if (format !== "json") return;
  const result = values.text !== undefined ? all[0] : all;
  if (terminal.json) terminal.document(result);
  else terminal.result(JSON.stringify(result, null, 2));
}

/** Word, blank, tag; a blank line after each text. */
async function printColumns(
  { model, tokenizer }: Classifier,
  texts: AsyncIterable<string>,
  { values, terminal, counts }: Output & { counts: { skipped: number } },
): Promise<void> {
  const options = { batchSize: values.perDeviceEvalBatchSize, validTags: values.validTags };
  for await (const lines of readyChunks(texts, chunkSize)) {
    const sentences = lines.map(splitAtBlanks);
    for (const [i, tagged] of (await tagWords(model, tokenizer, sentences, options)).entries()) {
      counts.skipped += tagged.skipped;
      terminal.result(sentences[i]!.map((word, at) => `${word} ${tagged.tags[at]}\n`).join(""));
    }
    await terminal.drained();
  }
}
