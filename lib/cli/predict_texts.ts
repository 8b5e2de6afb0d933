/** What `torchner predict` does once its options are known. */
import { isUtf8 } from "node:buffer";
import { readText } from "../data/read_text.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";
import type { EntityGroup, TokenEntity } from "../pipeline/aggregation.ts";
import { pipeline } from "../pipeline/ner.ts";
import { tagWords } from "../pipeline/tag_words.ts";
import type { Tokenizer } from "../tokenization/tokenizer.ts";
import { openClassifier } from "./classifier.ts";
import type { PredictOptions } from "./commands/predict.ts";
import { taggedText } from "./tagged_text.ts";
import type { Terminal } from "./terminal.ts";

type Entity = EntityGroup | TokenEntity;

interface Classifier {
  model: TokenClassificationModel;
  tokenizer: Tokenizer;
}

/** Lines that are tagged before their results are printed: enough for full batches, few enough to see it move. */
const chunkSize = 256;

export async function predictTexts(values: PredictOptions, terminal: Terminal): Promise<void> {
  const texts = values.text !== undefined ? [values.text] : await readLines(values.file);
  if (texts.length === 0) {
    terminal.warn(
      `${values.file ?? "standard input"} holds no text; give --text, --file or lines on standard input`,
    );
  }
  const classifier = await openClassifier(values.model!, values);
  try {
    if (values.format === "conll") await printColumns(classifier, texts, values, terminal);
    else await printEntities(classifier, texts, values, terminal);
  } finally {
    classifier.model.dispose();
    classifier.tokenizer.dispose();
  }
}

/** One text a line; an empty line is an empty text, so that results and lines stay side by side. */
async function readLines(file: string | undefined): Promise<string[]> {
  const text = file === undefined ? await readStandardInput() : await readText(file);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) {
    throw new TorchnerError("EDATA", "standard input is not UTF-8; convert it first, e.g. with iconv");
  }
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

async function printEntities(
  { model, tokenizer }: Classifier,
  texts: readonly string[],
  values: PredictOptions,
  terminal: Terminal,
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
  for (let start = 0; start < texts.length; start += chunkSize) {
    const chunk = texts
      .slice(start, start + chunkSize)
      .map((text) => (isSplitIntoWords ? wordsOf(text).join(" ") : text));
    const found = await call(isSplitIntoWords ? chunk.map(wordsOf) : chunk);
    if (format === "json") all.push(...found);
    for (const [i, entities] of found.entries()) {
      if (format === "jsonl") terminal.result(JSON.stringify(entities));
      else if (format === "text") terminal.result(taggedText(chunk[i]!, entities, terminal.paint));
    }
  }
  if (format !== "json") return;
  const result = values.text !== undefined ? all[0] : all;
  if (terminal.json) terminal.document(result);
  else terminal.result(JSON.stringify(result, null, 2));
}

/** Word, blank, tag; a blank line after each text. */
async function printColumns(
  { model, tokenizer }: Classifier,
  texts: readonly string[],
  values: PredictOptions,
  terminal: Terminal,
): Promise<void> {
  let skipped = 0;
  for (let start = 0; start < texts.length; start += chunkSize) {
    const sentences = texts.slice(start, start + chunkSize).map(wordsOf);
    const options = { batchSize: values.perDeviceEvalBatchSize, validTags: values.validTags };
    for (const [i, tagged] of (await tagWords(model, tokenizer, sentences, options)).entries()) {
      skipped += tagged.skipped;
      const lines = sentences[i]!.map((word, at) => `${word} ${tagged.tags[at]}\n`);
      terminal.result(lines.join(""));
    }
  }
  if (skipped > 0)
    terminal.warn(`${skipped} words got no prediction (cut off, or no pieces); they are tagged O`);
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
