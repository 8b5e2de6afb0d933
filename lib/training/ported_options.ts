/**
 * Arguments of transformers' TrainingArguments and of run_ner that have no engine here. Ported code and configs
 * spell many of them out with values that ask for nothing; those are taken, and any other value is refused by
 * name, with what to do instead.
 */

import type { CamelCase } from "./option_types.ts";

/** `idle`: the values that ask for nothing (null and undefined always do), or `any` where no value changes a result. */
export interface PortedOption {
  readonly idle: readonly unknown[] | "any";
  /** What to do instead, where leaving it out is not all there is to say. */
  readonly instead?: string;
}

const any: PortedOption = { idle: "any" };
const only = (...idle: readonly unknown[]): PortedOption => ({ idle });
const instead = (remedy: string, ...idle: readonly unknown[]): PortedOption => ({ idle, instead: remedy });

const bf16 = "set bf16, which computes in half precision without a loss scale";
const oneDevice = "a run uses one device; leave it out";
const optimizer = "the optimizer is AdamW; leave it out";
const reporting = "it belongs to a service that is not reported to; leave it out";
const token = "set the environment variable HF_TOKEN; what is given here could be read by others";

/** `accelerator_config` as it stands in every stored set of arguments. */
const acceleratorDefaults = {
  split_batches: false,
  dispatch_batches: null,
  even_batches: true,
  use_seedable_sampler: true,
  non_blocking: false,
  gradient_accumulation_kwargs: null,
} as const;

/** Fields of TrainingArguments, of transformers 5 and of the versions before it. */
const fields = {
  accelerator_config: instead(
    "its parts for one device are options of their own (seed, dataloader_drop_last)",
    {},
    acceleratorDefaults,
  ),
  activation_checkpointing_kwargs: any,
  adafactor: instead(optimizer, false),
  average_tokens_across_devices: any,
  batch_eval_metrics: instead("metrics are computed over all sentences at once; leave it out", false),
  bf16_full_eval: instead("set bf16, which holds for evaluation too", false),
  dataloader_in_order: any,
  dataloader_multiprocessing_context: any,
  dataloader_num_workers: any,
  dataloader_persistent_workers: any,
  dataloader_pin_memory: any,
  dataloader_prefetch_factor: any,
  ddp_backend: any,
  ddp_broadcast_buffers: any,
  ddp_bucket_cap_mb: any,
  ddp_find_unused_parameters: any,
  ddp_static_graph: any,
  ddp_timeout: any,
  debug: only("", []),
  deepspeed: instead(oneDevice, false, ""),
  dispatch_batches: only(false),
  do_eval: any,
  do_predict: any,
  do_train: any,
  enable_jit_checkpoint: any,
  eval_accumulation_steps: any,
  eval_do_concat_batches: only(true),
  eval_use_gather_object: any,
  fp16: instead(bf16, false),
  fp16_backend: any,
  fp16_full_eval: instead(bf16, false),
  fp16_opt_level: any,
  fsdp: instead(oneDevice, false, "", []),
  fsdp_config: any,
  fsdp_min_num_params: any,
  fsdp_transformer_layer_cls_to_wrap: any,
  full_determinism: any,
  gradient_checkpointing_kwargs: any,
  half_precision_backend: any,
  hub_always_push: any,
  hub_token: instead(token, "<HUB_TOKEN>"),
  hub_revision: instead("uploads go to the branch main", "main"),
  ignore_data_skip: instead("a resumed run goes on at the sentence where it stopped", false),
  include_for_metrics: instead("computeMetrics gets predictions and labels", []),
  include_inputs_for_metrics: instead("computeMetrics gets predictions and labels", false),
  include_num_input_tokens_seen: instead(
    "leave it out; train_samples_per_second says how quick a run was",
    "no",
    false,
  ),
  include_tokens_per_second: instead(
    "leave it out; train_samples_per_second says how quick a run was",
    false,
  ),
  jit_mode_eval: only(false),
  label_names: instead("the labels' column is called labels", ["labels"]),
  length_column_name: any,
  liger_kernel_config: any,
  local_rank: instead(oneDevice, -1, 0),
  log_level: any,
  log_level_replica: any,
  log_on_each_node: any,
  mp_parameters: instead(oneDevice, ""),
  neftune_noise_alpha: only(),
  optim: instead(optimizer, "adamw_torch", "adamw_torch_fused"),
  optim_args: instead("set adam_beta1, adam_beta2 and adam_epsilon", ""),
  optim_target_modules: instead(optimizer),
  parallelism_config: instead(oneDevice),
  past_index: only(-1),
  prediction_loss_only: instead("leave computeMetrics out of the Trainer's options", false),
  project: any,
  push_to_hub_organization: instead("set hub_model_id to ORG/NAME"),
  push_to_hub_token: instead(token),
  ray_scope: any,
  remove_unused_columns: any,
  restore_callback_states_from_checkpoint: any,
  save_on_each_node: any,
  save_safetensors: instead("weights are written as safetensors, which Python reads too", true),
  sharded_ddp: instead(oneDevice, false, "", []),
  skip_memory_metrics: only(true),
  split_batches: only(false),
  tf32: instead("products are of float32, or of bfloat16 with bf16", false),
  torch_compile: only(false),
  torch_compile_backend: only(),
  torch_compile_mode: only(),
  torch_empty_cache_steps: any,
  torchdynamo: only(),
  tpu_metrics_debug: only(false),
  tpu_num_cores: only(),
  trackio_bucket_id: instead(reporting),
  trackio_space_id: instead(reporting, "trackio"),
  trackio_static_space_id: instead(reporting, false),
  use_cache: any,
  use_ipex: only(false),
  use_legacy_prediction_loop: any,
  use_liger_kernel: only(false),
  use_mps_device: only(false),
  xpu_backend: any,
} as const satisfies Readonly<Record<string, PortedOption>>;

/** Arguments of run_ner alone, and fields that mean more to a command than to `TrainingArguments`. */
const runArguments = {
  cache_dir: instead("the environment variable HF_HOME names the cache"),
  config_name: instead("config.json is read from --model; with --from-scratch name a folder that has yours"),
  dataset_config_name: instead("name that part's files with --train-file and the like"),
  do_eval: instead("leave --validation-file out", true),
  do_predict: instead("leave --test-file out", true),
  do_train: instead("torchner train always does; torchner evaluate scores a model without training", true),
  model_revision: instead("write --model ORG/NAME@REVISION", "main"),
  overwrite_cache: any,
  preprocessing_num_workers: any,
  task_name: instead("name the tags' column with --label-column-name", "ner"),
  token: instead(token),
  tokenizer_name: instead("the tokenizer is read from --model"),
  trust_remote_code: instead("no code of a model repository is run here", false),
  use_auth_token: instead(token, false),
} as const satisfies Readonly<Record<string, PortedOption>>;

/** As scripts write them for `new TrainingArguments(...)`; whether a value is taken is found when it is read. */
export type PortedFields = { readonly [K in keyof typeof fields as CamelCase<K>]?: unknown };

/** For `new TrainingArguments(...)`. */
export const portedFields: Readonly<Record<string, PortedOption>> = fields;

/** For `torchner train` and its configs. */
export const portedArguments: Readonly<Record<string, PortedOption>> = { ...fields, ...runArguments };

/** Why `value` is refused; undefined where it asks for nothing. */
export function portedFault({ idle, instead: remedy }: PortedOption, value: unknown): string | undefined {
  if (value === undefined || value === null || idle === "any") return undefined;
  const text = JSON.stringify(value);
  if (idle.some((one) => JSON.stringify(one) === text)) return undefined;
  return `is not supported; ${remedy ?? "leave it out"}`;
}
