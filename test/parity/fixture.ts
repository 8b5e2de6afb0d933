/** What transformers computed for two small models; `test/fixtures/parity/make_fixtures.py` wrote it. */
import { join } from "node:path";
import type { Batch } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import type { Numerics } from "../../lib/native/types.ts";
import { floats, integers, readSafetensors } from "../support/safetensors.ts";
import { projectRoot } from "../support/shared.ts";

export const kinds = ["bert", "distilbert"] as const;
export const masks = ["right", "left", "holes", "full"] as const;
/** Batches whose gradients are stored. */
export const withGradients = ["right", "holes"] as const;
export type Kind = (typeof kinds)[number];
export type Mask = (typeof masks)[number];

const folderOf = (kind: Kind) => join(projectRoot, "test", "fixtures", "parity", kind);

export function startModel(kind: Kind, numerics: Numerics): Promise<TokenClassificationModel> {
  return AutoModelForTokenClassification.fromPretrained(folderOf(kind), { numerics });
}

export function batchOf(kind: Kind, mask: Mask): Batch & { labels: Int32Array } {
  const stored = readSafetensors(join(folderOf(kind), "batches.safetensors"));
  const get = (name: string) => stored.get(`${mask}/${name}`)!;
  const [rows, width] = get("input_ids").shape as [number, number];
  return {
    shape: [rows, width],
    inputIds: integers(get("input_ids")),
    attentionMask: integers(get("attention_mask")),
    tokenTypeIds: integers(get("token_type_ids")),
    labels: integers(get("labels")),
  };
}

/** Values under a name of expected.safetensors, such as `right/logits`. */
export function expectedValues(kind: Kind, name: string): Float32Array {
  return floats(readSafetensors(join(folderOf(kind), "expected.safetensors")).get(name)!);
}

export function trainedParameters(kind: Kind): Map<string, Float32Array> {
  const stored = readSafetensors(join(folderOf(kind), "trained.safetensors"));
  return new Map([...stored].map(([name, tensor]) => [name, floats(tensor)]));
}

/** Largest distance of two arrays of one length, in units of `1 + |expected|`. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, not ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    if (!(error <= worst)) worst = error; // NaN is the worst, and stays
  }
  return worst;
}

/** |actual - expected| / |expected| in the 2-norm. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
