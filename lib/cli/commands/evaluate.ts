import type { EntityScores } from "../../metrics/entities.ts";
import { withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import { runOptions } from "../../training/options.ts";
import { classifierOptions } from "../classifier_options.ts";
import { type Command, missingOption } from "../command.ts";
import type { Terminal } from "../terminal.ts";

const options = {
  ...classifierOptions,
  max_seq_length: runOptions.max_seq_length,
  long_sequences: runOptions.long_sequences,
  file: { type: "string", group: "data", placeholder: "FILE", help: "sentences with their tags" },
  dataset_format: runOptions.dataset_format,
  encoding: runOptions.encoding,
  text_column_name: runOptions.text_column_name,
  label_column_name: runOptions.label_column_name,
  max_eval_samples: { ...runOptions.max_eval_samples, help: "use only the first N sentences" },
} as const satisfies OptionTable;

type EvaluateOptions = Values<typeof options>;

export const evaluate: Command = {
  name: "evaluate",
  summary: "Score a fine-tuned model on a file with tags: per type and over all.",
  options,
  groupTitles: { model: "Model:", data: "Data:" },
  examples: [
    "torchner evaluate --model out --file test.txt",
    "torchner evaluate --model out --file test.jsonl --json > scores.json",
  ],
  complete: ({ given }) => [
    ...missingOption(given, "model", "the folder or the name of a fine-tuned model"),
    ...missingOption(given, "file", "a file of sentences with their tags"),
  ],
  async run({ given, terminal }) {
    await evaluateFile(withDefaults(options, given) as EvaluateOptions, terminal);
    return 0;
  },
};

async function evaluateFile(values: EvaluateOptions, terminal: Terminal): Promise<void> {
  const { openClassifier } = await import("../classifier.ts");
  const { sequenceLength } = await import("../sequence_length.ts");
  const { recordingSeqeval } = await import("../recorder.ts");
  const { scoreTable } = await import("../score_table.ts");
  const { DatasetDict } = await import("../../data/dataset.ts");
  const { countWindows } = await import("../../training/sentences.ts");
  const { loadDataset } = await import("../../data/load_dataset.ts");
  const { tokenizeAndAlignLabels } = await import("../../data/tokenize_and_align.ts");
  const { flattenEntityScores } = await import("../../metrics/entities.ts");
  const { TrainingArguments } = await import("../../training/arguments.ts");
  const { Trainer } = await import("../../training/trainer.ts");

  const { model, tokenizer } = await openClassifier(values.model!, values);
  try {
    const data = await loadDataset({
      validation: values.file!,
      format: values.datasetFormat,
      textColumn: values.textColumnName,
      labelColumn: values.labelColumnName,
      labelNames: model.labels,
      encoding: values.encoding,
      log: (line) => terminal.warn(line),
    });
    const encode = tokenizeAndAlignLabels(tokenizer, {
      maxLength: sequenceLength(model, tokenizer, values.maxSeqLength),
      longSequences: values.longSequences,
    });
    const chosen = new DatasetDict({
      ...{ validation: data.validation!.slice(0, values.maxEvalSamples), labels: data.labels },
    });
    const { validation: encoded } = await chosen.map(encode);
    const { sentences, long, windows } = countWindows(encoded!);
    if (long > 0) {
      terminal.note(
        `${long} of ${sentences} sentences are longer than the maximum length: ${windows} windows cover them`,
      );
    }
    let scores: EntityScores | undefined;
    const trainer = new Trainer({
      model,
      args: new TrainingArguments({
        perDeviceEvalBatchSize: values.perDeviceEvalBatchSize,
        disableTqdm: true,
      }),
      evalDataset: encoded,
      processingClass: tokenizer,
      computeMetrics: recordingSeqeval(model.labels, (found) => {
        scores = found;
      }),
    });
    const metrics = await trainer.evaluate();
    const skipped = Number(metrics.eval_skipped_words ?? 0);
    terminal.document({
      ...flattenEntityScores(scores!),
      loss: metrics.eval_loss,
      samples: sentences,
      skipped_words: skipped,
    });
    terminal.result(scoreTable(scores!, terminal.paint));
    const accuracy = (100 * scores!.overall_accuracy).toFixed(2);
    const loss = Number(metrics.eval_loss).toFixed(4);
    terminal.result(
      `\n${values.file}: ${sentences.toLocaleString("en-US")} sentences, accuracy of words ${accuracy}, loss ${loss}`,
    );
    if (skipped > 0)
      terminal.warn(`${skipped} words got no prediction (cut off, or no pieces); they count as O`);
  } finally {
    model.dispose();
    tokenizer.dispose();
  }
}
