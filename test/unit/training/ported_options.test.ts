/** Whatever argument a Hugging Face script carries along: it is an option here, or there is an answer to it. */
import { readFileSync } from "node:fs";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { knownKeys, readOptions, spellings } from "../../../lib/training/check_options.ts";
import { trainingOptions, trainOptions } from "../../../lib/training/options.ts";
import {
  type PortedOption,
  portedArguments,
  portedFault,
  portedFields,
} from "../../../lib/training/ported_options.ts";

const { arguments: python } = JSON.parse(
  readFileSync(new URL("../../fixtures/training/hf_arguments.json", import.meta.url), "utf8"),
) as { arguments: Record<string, unknown> };

/** Fields of TrainingArguments in transformers 3 and 4 that 5 has no more. */
const older =
  `overwrite_output_dir evaluation_strategy evaluate_during_training warmup_ratio group_by_length logging_dir
  no_cuda use_mps_device per_gpu_train_batch_size per_gpu_eval_batch_size save_safetensors adafactor past_index jit_mode_eval
  use_ipex fp16_opt_level fp16_backend half_precision_backend xpu_backend tpu_num_cores tpu_metrics_debug mp_parameters ray_scope
  sharded_ddp fsdp_min_num_params fsdp_transformer_layer_cls_to_wrap dispatch_batches split_batches torchdynamo
  include_inputs_for_metrics include_tokens_per_second push_to_hub_model_id push_to_hub_organization push_to_hub_token
  use_legacy_prediction_loop`.split(/\s+/);

/** What run_ner takes besides. */
const runNer =
  `model_name_or_path config_name tokenizer_name cache_dir model_revision token use_auth_token trust_remote_code
  ignore_mismatched_sizes task_name dataset_name dataset_config_name train_file validation_file test_file text_column_name
  label_column_name overwrite_cache preprocessing_num_workers max_seq_length pad_to_max_length max_train_samples
  max_eval_samples max_predict_samples label_all_tokens return_entity_level_metrics`.split(/\s+/);

test.each([...Object.keys(python), ...older])("%s is known to TrainingArguments", (name) => {
  expect([...knownKeys(trainingOptions), ...Object.keys(portedFields)]).toContain(name);
});

test.each([...Object.keys(python), ...older, ...runNer])("%s is known to the command line", (name) => {
  expect([...knownKeys(trainOptions), ...Object.keys(portedArguments)]).toContain(name);
});

test("the arguments that Python stores with a checkpoint are taken as they are", () => {
  const args = new TrainingArguments(python);
  expect(args).toEqual(new TrainingArguments({ outputDir: "out", device: "cpu" }));
});

test("every default is Python's", () => {
  const mine = new TrainingArguments().toJSON();
  const shared = Object.keys(python).filter((name) => name in mine && name !== "output_dir");
  expect(shared.length).toBeGreaterThan(40);
  for (const name of shared) expect([name, mine[name]]).toEqual([name, python[name]]);
});

const answers = Object.entries(portedArguments) as [string, PortedOption][];

test.each(answers.filter(([, { idle }]) => idle === "any"))("%s may have any value", (name) => {
  const entries = [null, true, 7, "text", {}].map((value) => [name, value] as const);
  expect(readOptions(trainOptions, entries, spellings.config)).toEqual({ given: new Map(), faults: [] });
});

test.each(
  answers.filter(([, { idle }]) => idle !== "any"),
)("%s is refused where it asks for something", (_, option) => {
  for (const value of option.idle as readonly unknown[]) expect(portedFault(option, value)).toBeUndefined();
  expect(portedFault(option, "something")).toMatch(/^is not supported; .{10}/);
});

test.each([
  [{ fp16: true }, /bf16/],
  [{ deepspeed: "ds.json" }, /one device/],
  [{ hubToken: "hf_0123" }, /HF_TOKEN/],
  [{ acceleratorConfig: { split_batches: true } }, /seed, dataloader_drop_last/],
])("%j is answered with a way out, and without its value", (options, remedy) => {
  const { faults } = readOptions(trainingOptions, Object.entries(options), spellings.typescript);
  expect(faults).toEqual([{ key: Object.keys(options)[0], text: expect.stringMatching(remedy) }]);
  expect(faults[0]!.text).not.toContain("0123");
});
