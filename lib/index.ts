/// <reference lib="esnext.disposable" preserve="true" />
/** The public API: every name a user imports from "torchner", and nothing else. */
export type { EventName, TrainerCallback, TrainerControl } from "./callbacks/callback.ts";
export { earlyStopping } from "./callbacks/early_stopping.ts";
export { jsonlLogger } from "./callbacks/jsonl.ts";
export { printer } from "./callbacks/printer.ts";
export { progress } from "./callbacks/progress.ts";
export { tensorboard } from "./callbacks/tensorboard.ts";
export { DataCollatorForTokenClassification } from "./data/collator.ts";
export { DataLoader, type DataLoaderOptions } from "./data/data_loader.ts";
export { Dataset, DatasetDict, type EncodedDatasetDict } from "./data/dataset.ts";
export { type LoadDatasetOptions, loadDataset } from "./data/load_dataset.ts";
export { tokenizeAndAlignLabels } from "./data/tokenize_and_align.ts";
export type { Batch, DataNote, EncodedExample, Example, LabelStrategy, Source } from "./data/types.ts";
export { defaultCheckpoint } from "./hub/resolve.ts";
export { type PushOptions, pushToHub } from "./hub/upload.ts";
export {
  type AverageOptions,
  accuracyScore,
  f1Score,
  precisionScore,
  recallScore,
} from "./metrics/average_scores.ts";
export { type EntityScores, evaluateEntities, flattenEntityScores } from "./metrics/entities.ts";
export { classificationReport } from "./metrics/report.ts";
export type { Scheme } from "./metrics/schemes.ts";
export type { ScoringOptions } from "./metrics/scoring.ts";
export { seqeval } from "./metrics/seqeval.ts";
export { tagSequences } from "./metrics/tag_sequences.ts";
export type { ComputeMetrics, EvalPrediction } from "./metrics/types.ts";
export { AutoModelForTokenClassification } from "./model/auto.ts";
export { AutoConfig } from "./model/auto_config.ts";
export type { ModelConfig } from "./model/config.ts";
export { ForwardOutput, TokenClassificationModel } from "./model/model.ts";
export {
  drawBaseSeed,
  getRngState,
  runtimeInfo,
  setNumThreads,
  setRngState,
  setSeed,
} from "./model/runtime.ts";
export type { Tensor } from "./model/tensor.ts";
export { type ErrorCode, TorchnerError } from "./native/errors.ts";
export type { InferenceDtype, Layout, Numerics } from "./native/types.ts";
export { AdamW, type AdamWOptions } from "./optim/adamw.ts";
export { getScheduler, type Scheduler } from "./optim/scheduler.ts";
export type { AggregationStrategy, EntityGroup, TokenEntity } from "./pipeline/aggregation.ts";
export { pipeline } from "./pipeline/ner.ts";
export { alignLabels } from "./tokenization/align.ts";
export type { Encoding } from "./tokenization/encoding.ts";
export { AutoTokenizer, Tokenizer } from "./tokenization/tokenizer.ts";
export { TrainingArguments } from "./training/arguments.ts";
export { Trainer } from "./training/trainer.ts";
