/** What `computeMetrics` gets: row-major `[sentences, width]`, padded with -100. */
export interface EvalPrediction {
  /** Predicted label ids; float logits `[sentences, width, labels]` only where they were asked for. */
  predictions: Int32Array | Float32Array;
  labelIds: Int32Array;
  shape: readonly number[];
}

export type ComputeMetrics = (prediction: EvalPrediction) => Record<string, unknown>;
