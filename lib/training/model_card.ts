import { checkText } from "../messages/checks.ts";
import type { TrainingArguments } from "./arguments.ts";
import { keptStep } from "./best.ts";
import type { LogRow, TrainerState } from "./state.ts";
import { packageVersion } from "./versions.ts";

/** What only the caller can tell. */
export interface CardDetails {
  /** Default: the output folder's own name. */
  modelName?: string;
  /** Checkpoint that training started from. */
  baseModel?: string;
  dataset?: string;
}

/** @throws {TorchnerError} `EARG` naming what is no text. */
export function checkCard(details: CardDetails): void {
  for (const name of cardOptions) if (details[name] !== undefined) checkText(name, details[name]);
}

export const cardOptions = [
  "modelName",
  "baseModel",
  "dataset",
] as const satisfies readonly (keyof CardDetails)[];

interface CardParts extends CardDetails {
  args: TrainingArguments;
  state: TrainerState;
  labels: readonly string[];
  torchVersion?: string;
}

/** The text of a model's `README.md`: metadata for the hub, results, hyperparameters, the course of training. */
export function modelCard(details: CardParts): string {
  const name = details.modelName ?? details.args.outputDir.split(/[\\/]/).filter(Boolean).at(-1) ?? "model";
  const evaluations = details.state.logHistory.filter((row) => "eval_loss" in row);
  const step = keptStep(details.args, details.state);
  const kept = evaluations.findLast((row) => Number(row.step) <= step);
  return [
    frontMatter(details, name, kept),
    `# ${name}`,
    introduction(details),
    results(kept),
    labelList(details.labels),
    hyperparameters(details.args, details.state),
    trainingTable(details.state.logHistory, evaluations),
    versions(details.torchVersion),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

const scores = ["precision", "recall", "f1", "accuracy"];

function frontMatter({ baseModel, dataset }: CardDetails, name: string, kept: LogRow | undefined): string {
  const lines = ["---", "library_name: transformers"];
  if (baseModel) lines.push(`base_model: ${yamlText(baseModel)}`);
  lines.push("tags:", "- torchner", "- token-classification", "pipeline_tag: token-classification");
  const measured = scores.filter((score) => typeof kept?.[`eval_${score}`] === "number");
  if (measured.length > 0) {
    lines.push("metrics:", ...measured.map((score) => `- ${score}`));
    lines.push("model-index:", `- name: ${yamlText(name)}`, "  results:");
    lines.push("  - task:", "      name: Token Classification", "      type: token-classification");
    lines.push(
      "    dataset:",
      `      name: ${yamlText(dataset ?? "unnamed")}`,
      `      type: ${yamlText(dataset ?? "unnamed")}`,
    );
    lines.push("    metrics:");
    for (const score of measured) {
      lines.push(`    - name: ${score}`, `      type: ${score}`, `      value: ${kept![`eval_${score}`]}`);
    }
  }
  return [...lines, "---"].join("\n");
}

function introduction({ baseModel, dataset }: CardDetails): string {
  const from = baseModel ? `Fine-tuned from ${baseModel}` : "Trained";
  const on = dataset ? ` on ${dataset}` : "";
  return `${from}${on} for named-entity recognition, with torchner.`;
}

function results(kept: LogRow | undefined): string {
  if (!kept) return "";
  const shown = Object.entries(kept).filter(
    ([name]) => name.startsWith("eval_") && !/_(runtime|per_second)$/.test(name),
  );
  const list = shown.map(([name, value]) => `- ${title(name.slice("eval_".length))}: ${rounded(value)}`);
  return ["## Results", "", `On the evaluation set, after step ${kept.step}:`, "", ...list].join("\n");
}

function labelList(labels: readonly string[]): string {
  return ["## Labels", "", labels.map((label) => `\`${label}\``).join(", ")].join("\n");
}

function hyperparameters(args: TrainingArguments, state: TrainerState): string {
  const total = args.perDeviceTrainBatchSize * args.gradientAccumulationSteps;
  const values: [string, number | string][] = [
    ["learning_rate", args.learningRate],
    ["train_batch_size", args.perDeviceTrainBatchSize],
    ["eval_batch_size", args.perDeviceEvalBatchSize],
    ["seed", args.seed],
    ["gradient_accumulation_steps", args.gradientAccumulationSteps],
    ["total_train_batch_size", total],
    ["optimizer", `AdamW, betas (${args.adamBeta1}, ${args.adamBeta2}), epsilon ${args.adamEpsilon}`],
    ["weight_decay", args.weightDecay],
    ["max_grad_norm", args.maxGradNorm],
    ["lr_scheduler_type", args.lrSchedulerType],
    ["lr_scheduler_warmup_steps", Math.trunc(args.getWarmupSteps(state.maxSteps))],
    args.maxSteps > 0 ? ["training_steps", args.maxSteps] : ["num_epochs", args.numTrainEpochs],
  ];
  return [
    "## Training",
    "",
    "Hyperparameters:",
    "",
    ...values.map(([name, value]) => `- ${name}: ${value}`),
  ].join("\n");
}

/** One row per evaluation, with the training loss logged last before it. */
function trainingTable(history: readonly LogRow[], evaluations: readonly LogRow[]): string {
  if (evaluations.length === 0) return "";
  const measured = scores.filter((score) => `eval_${score}` in evaluations[0]!);
  const head = ["Training Loss", "Epoch", "Step", "Validation Loss", ...measured.map(title)];
  const rows = evaluations.map((row) => {
    const logged = history
      .filter((other) => "loss" in other && Number(other.step) <= Number(row.step))
      .at(-1);
    const values = [logged?.loss ?? "No log", row.epoch!, row.step!, row.eval_loss!];
    return [...values, ...measured.map((score) => row[`eval_${score}`] ?? "")].map(rounded);
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function versions(torch: string | undefined): string {
  const list = [`- torchner ${packageVersion()}`, `- Node.js ${process.versions.node}`];
  if (torch) list.push(`- libtorch ${torch}`);
  return ["## Versions", "", ...list].join("\n");
}

function rounded(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(4) : String(value);
}

function title(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

/** Quoted where YAML would read something else. */
function yamlText(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|yes|no|null|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
