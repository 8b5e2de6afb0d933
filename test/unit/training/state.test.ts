import { newControl, savedStates } from "../../../lib/callbacks/callback.ts";
import { newTrainerState, stateToJson } from "../../../lib/training/state.ts";

/** As transformers 5.23 wrote it (`json.dumps(indent=2, sort_keys=True)`) for a run of these values. */
const golden = `{
  "best_global_step": 8,
  "best_metric": 1.1042323112487793,
  "best_model_checkpoint": "out/checkpoint-8",
  "epoch": 2.0,
  "eval_steps": 3,
  "global_step": 8,
  "is_hyper_param_search": false,
  "is_local_process_zero": true,
  "is_world_process_zero": true,
  "log_history": [
    {
      "epoch": 1.6,
      "grad_norm": 1.2602646350860596,
      "learning_rate": 6.25e-06,
      "loss": 1.0992770195007324,
      "step": 8
    },
    {
      "epoch": 2.0,
      "eval_f1": 1.0,
      "eval_loss": 1.1042323112487793,
      "eval_runtime": 0.004,
      "eval_samples_per_second": 989.689,
      "eval_steps_per_second": 247.0,
      "step": 8
    }
  ],
  "logging_steps": 2,
  "max_steps": 8,
  "num_input_tokens_seen": 0,
  "num_train_epochs": 2,
  "save_steps": 3,
  "stateful_callbacks": {
    "TrainerControl": {
      "args": {
        "should_epoch_stop": false,
        "should_evaluate": false,
        "should_log": false,
        "should_save": true,
        "should_training_stop": true
      },
      "attributes": {}
    }
  },
  "total_flos": 1328832.0,
  "train_batch_size": 2,
  "trial_name": null,
  "trial_params": null
}
`;

const state = newTrainerState({
  bestGlobalStep: 8,
  bestMetric: 1.1042323112487793,
  bestModelCheckpoint: "out/checkpoint-8",
  epoch: 2,
  evalSteps: 3,
  globalStep: 8,
  loggingSteps: 2,
  maxSteps: 8,
  numTrainEpochs: 2,
  saveSteps: 3,
  totalFlos: 1328832,
  trainBatchSize: 2,
  statefulCallbacks: savedStates([], { ...newControl(), shouldSave: true, shouldTrainingStop: true }),
  logHistory: [
    { loss: 1.0992770195007324, grad_norm: 1.2602646350860596, learning_rate: 6.25e-6, epoch: 1.6, step: 8 },
    {
      eval_f1: 1,
      eval_loss: 1.1042323112487793,
      eval_runtime: 0.004,
      eval_samples_per_second: 989.689,
      eval_steps_per_second: 247,
      epoch: 2,
      step: 8,
    },
  ],
});

test("trainer_state.json has the text that Python writes", () => {
  expect(stateToJson(state)).toBe(golden);
});
