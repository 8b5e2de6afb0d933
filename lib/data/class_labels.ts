/** Names of integer tags as `datasets` stores them beside the data, in Parquet, in Arrow and in dataset_info.json. */

/**
 * The names of a column's ClassLabel, in order, from a description of features; undefined where there are none.
 * @param features  `{ ner_tags: { feature: { names: [...], _type: "ClassLabel" }, _type: "Sequence" } }`, with `Sequence`,
 *   `List` or a bare array around the ClassLabel, as the versions of `datasets` have it.
 */
export function classLabelNames(features: unknown, column: string): string[] | undefined {
  return namesIn((features as Record<string, unknown> | null | undefined)?.[column]);
}

/** The same from the text under the key `huggingface` of a file's metadata. */
export function namesInMetadata(metadata: string | undefined, column: string): string[] | undefined {
  if (metadata === undefined) return undefined;
  try {
    const { info } = JSON.parse(metadata) as { info?: { features?: unknown } };
    return classLabelNames(info?.features, column);
  } catch {
    return undefined; // not ours to judge: integers without names get their own message
  }
}

function namesIn(feature: unknown): string[] | undefined {
  if (Array.isArray(feature)) return namesIn(feature[0]);
  if (typeof feature !== "object" || feature === null) return undefined;
  const { names, feature: inner } = feature as { names?: unknown; feature?: unknown };
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  return inner === undefined ? undefined : namesIn(inner);
}
