/**
 * A model and an optimizer without libtorch, with the public interface that training uses. They write down every
 * call, and count the tensors that nobody has disposed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Batch, EncodedExample } from "../../../lib/data/types.ts";
import type { NativeTensor } from "../../../lib/native/types.ts";
import type { TrainableModel, TrainableOptimizer } from "../../../lib/training/handles.ts";

export class Recorder {
  readonly calls: string[] = [];
  alive = 0;

  note(call: string): void {
    this.calls.push(call);
  }

  tensor(data: Float32Array | Int32Array, shape: number[] = []): NativeTensor {
    this.alive++;
    let disposed = false;
    const scalar = (value: number) => this.tensor(Float32Array.of(value));
    const tensor: Partial<NativeTensor> = {
      shape,
      dispose: () => {
        if (!disposed) this.alive--;
        disposed = true;
      },
      item: async () => data[0]!,
      toTypedArray: async () => data,
      detach: async () => this.tensor(data, shape),
      div: async (other) => {
        this.note(`div ${other}`);
        return scalar(data[0]! / Number(other));
      },
      backward: async () => this.note("backward"),
      argmax: async () => {
        const depth = shape.at(-1)!;
        const ids = Int32Array.from({ length: data.length / depth }, (_, i) => {
          const row = data.subarray(i * depth, (i + 1) * depth);
          return row.indexOf(Math.max(...row));
        });
        return this.tensor(ids, shape.slice(0, -1));
      },
    };
    return tensor as NativeTensor;
  }
}

export interface FakeOptions {
  /** Loss of the n-th forward call in training. */
  trainLoss?: (call: number) => number;
  /** Loss of the n-th forward call in evaluation. */
  evalLoss?: (call: number) => number;
}

export const labels = ["O", "B-X", "I-X"];

/** Predicts the input id modulo the number of labels. */
export class FakeModel implements TrainableModel {
  readonly labels = labels;
  readonly config = {};
  readonly device = "cpu";
  numerics: TrainableModel["numerics"] = "fast";
  bf16 = false;
  labelSmoothing = 0;
  gradientCheckpointing = false;
  loadedFrom: string[] = [];
  readonly #recorder: Recorder;
  readonly #options: FakeOptions;
  #calls = { train: 0, eval: 0 };

  constructor(recorder: Recorder, options: FakeOptions = {}) {
    this.#recorder = recorder;
    this.#options = options;
  }

  async forward(batch: Batch, { training }: { training: boolean }) {
    const recorder = this.#recorder;
    recorder.note(`${training ? "forward" : "predict"} ${[...batch.inputIds].join(",")}`);
    const lossOf = training ? this.#options.trainLoss : this.#options.evalLoss;
    const value = lossOf?.(training ? this.#calls.train++ : this.#calls.eval++) ?? 1;
    const [rows, width] = batch.shape;
    const scores = new Float32Array(rows * width * labels.length);
    for (const [i, id] of batch.inputIds.entries()) scores[i * labels.length + (id % labels.length)] = 1;
    const loss = recorder.tensor(Float32Array.of(value));
    const logits = recorder.tensor(scores, [rows, width, labels.length]);
    return {
      loss,
      logits,
      dispose: () => {
        loss.dispose();
        logits.dispose();
      },
    };
  }

  parameterCount() {
    return { total: 100, nonEmbedding: 10 };
  }

  async savePretrained(folder: string) {
    this.#recorder.note("save");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "config.json"), "{}");
    await writeFile(join(folder, "model.safetensors"), "weights");
  }

  async loadWeights(folder: string) {
    this.loadedFrom.push(folder);
  }
}

export class FakeOptimizer implements TrainableOptimizer {
  /** The one that the latest run made. */
  static latest: FakeOptimizer;
  static recorder: Recorder;
  lr: number;
  disposed = false;

  constructor(_model: unknown, options: { lr: number }) {
    this.lr = options.lr;
    FakeOptimizer.latest = this;
  }

  async step() {
    FakeOptimizer.recorder.note(`step ${this.lr}`);
  }

  async zeroGrad() {
    FakeOptimizer.recorder.note("zeroGrad");
  }

  async clipGradNorm(maxNorm: number) {
    FakeOptimizer.recorder.note(`clip ${maxNorm}`);
    return FakeOptimizer.recorder.tensor(Float32Array.of(1.5));
  }

  async save(path: string) {
    await writeFile(path, "moments");
  }

  async load(path: string) {
    FakeOptimizer.recorder.note(`load ${basename(path)}`);
  }

  dispose() {
    this.disposed = true;
  }
}

/** A sentence whose words are single pieces with these ids, between two special tokens; labels by id. */
export function sentence(...ids: number[]): EncodedExample {
  const inputIds = Int32Array.from([0, ...ids, 0]);
  return {
    inputIds,
    tokenTypeIds: new Int32Array(inputIds.length),
    attentionMask: new Int32Array(inputIds.length).fill(1),
    labels: Int32Array.from([-100, ...ids.map((id) => id % labels.length), -100]),
    wordIds: Int32Array.from([-1, ...ids.keys(), -1]),
    wordLabels: Int32Array.from(ids, (id) => id % labels.length),
  };
}
