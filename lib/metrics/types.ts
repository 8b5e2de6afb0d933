/** What `computeMetrics` gets: row-major `[sentences, width]`, padded with -100. */
export interface EvalPrediction {
  /** Predicted label ids; float logits `[sentences, width, labels]` only where they were asked for. */
  predictions: Int32Array | Float32Array;
  labelIds: Int32Array;
  shape: readonly number[];
}

export interface ComputeMetrics {
  (prediction: EvalPrediction): Record<string, unknown>;
  /**
   * The same a piece at a time: it yields where others may have their turn. Where a metric has it, the Trainer calls it
   * instead, so that scores of many sentences do not hold up a server that trains.
   */
  readonly inPieces?: (prediction: EvalPrediction) => Generator<unknown, Record<string, unknown>>;
}
