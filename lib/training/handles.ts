/**
 * The parts of the public model and optimizer that training uses, and no more: a loop written by hand has the same.
 */
import type { Indexed } from "../data/data_loader.ts";
import type { Batch, EncodedExample } from "../data/types.ts";
import type { NativeTensor, Numerics } from "../native/types.ts";

export interface TrainableModel {
  readonly labels: readonly string[];
  readonly config: Record<string, unknown>;
  readonly device: string;
  numerics: Numerics;
  bf16: boolean;
  labelSmoothing: number;
  gradientCheckpointing: boolean;
  /** `training`: dropout. Both are given here, so that the mode a user has set stays as it is. */
  forward(
    batch: Batch,
    options: { training: boolean; grad: boolean },
  ): Promise<{ loss?: NativeTensor; logits: NativeTensor; dispose(): void }>;
  parameterCount(): { total: number; nonEmbedding: number };
  savePretrained(folder: string): Promise<void>;
  loadWeights(folder: string): Promise<void>;
}

export interface TrainableOptimizer {
  lr: number;
  step(): Promise<void>;
  zeroGrad(): Promise<void>;
  /** Resolves to the joint norm before clipping. */
  clipGradNorm(maxNorm: number): Promise<NativeTensor>;
  save(path: string): Promise<void>;
  load(path: string): Promise<void>;
  dispose(): void;
}

/** An encoded dataset: anything with a length and `at`. */
export type Examples = Indexed<EncodedExample>;

export interface Collator {
  collate(examples: readonly EncodedExample[]): Batch;
}

/** What is saved beside the model so that the folder can be used on its own: the tokenizer. */
export interface ProcessingClass {
  savePretrained(folder: string): Promise<void>;
}
