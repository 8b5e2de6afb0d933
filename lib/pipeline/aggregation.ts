/**
 * From the label probabilities of pieces to the pipeline's results, as transformers' token-classification
 * pipeline forms them. Pure.
 *
 * Two stages: every piece gets a label (`labelPieces`), and then, unless the strategy is `none`, neighbours
 * are grouped (`groupEntities`). Strategies that vote by word differ in the first stage only.
 */

/** `none`: one result per piece. `simple`: neighbouring pieces of one type become one result. */
export const aggregationStrategies = ["none", "simple"] as const;
export type AggregationStrategy = (typeof aggregationStrategies)[number];

/** One piece of the text and what the model thinks of it. */
export interface Piece {
  /** Position in the encoded text, `[CLS]` counted. */
  index: number;
  /** UTF-16 indexes into the text, end exclusive. */
  start: number;
  end: number;
  /** One probability per label, in float32. */
  probabilities: Float32Array;
}

/** Result of `none`. */
export interface TokenEntity {
  entity: string;
  score: number;
  index: number;
  /** The exact slice `[start, end)` of the input (transformers gives the vocabulary's piece). */
  word: string;
  start: number;
  end: number;
}

/** Result of the grouping strategies. */
export interface EntityGroup {
  entity_group: string;
  /** Mean over the group's pieces. */
  score: number;
  /** The exact slice `[start, end)` of the input (transformers gives decoded pieces: "u. s." for "U.S."). */
  word: string;
  start: number;
  end: number;
}

export type EntityOf<S extends AggregationStrategy> = S extends "none" ? TokenEntity : EntityGroup;

type LabelledPiece = Omit<TokenEntity, "word">;

/**
 * @param pieces        In text order, special tokens left out.
 * @param labels        Label names by id.
 * @param ignoreLabels  Results of these labels (`none`) or types (`simple`) are left out of the answer.
 *   They take part in grouping, so an ignored `O` between two pieces still parts them.
 */
export function aggregate<S extends AggregationStrategy>(
  pieces: readonly Piece[],
  text: string,
  labels: readonly string[],
  strategy: S,
  ignoreLabels: readonly string[],
): EntityOf<S>[];
export function aggregate(
  pieces: readonly Piece[],
  text: string,
  labels: readonly string[],
  strategy: AggregationStrategy,
  ignoreLabels: readonly string[],
): (TokenEntity | EntityGroup)[] {
  const labelled = labelPieces(pieces, labels);
  if (strategy === "none") {
    return labelled
      .filter(({ entity }) => !ignoreLabels.includes(entity))
      .map(({ entity, score, index, start, end }) => {
        return { entity, score, index, word: text.slice(start, end), start, end };
      });
  }
  return groupEntities(labelled, text).filter(({ entity_group }) => !ignoreLabels.includes(entity_group));
}

function labelPieces(pieces: readonly Piece[], labels: readonly string[]): LabelledPiece[] {
  return pieces.map(({ index, start, end, probabilities }) => {
    let best = 0;
    for (let label = 1; label < probabilities.length; label++) {
      if (probabilities[label]! > probabilities[best]!) best = label;
    }
    return { entity: labels[best]!, score: probabilities[best]!, index, start, end };
  });
}

function groupEntities(pieces: readonly LabelledPiece[], text: string): EntityGroup[] {
  const groups: EntityGroup[] = [];
  let members: LabelledPiece[] = [];
  for (const piece of pieces) {
    const last = members.at(-1);
    if (last && !continues(last.entity, piece.entity)) {
      groups.push(group(members, text));
      members = [];
    }
    members.push(piece);
  }
  if (members.length > 0) groups.push(group(members, text));
  return groups;
}

/** A label without `B-` or `I-` counts as inside an entity of that whole name; so `O` continues `O`. */
function continues(previous: string, current: string): boolean {
  return !current.startsWith("B-") && withoutPrefix(previous) === withoutPrefix(current);
}

function withoutPrefix(label: string): string {
  return label.startsWith("B-") || label.startsWith("I-") ? label.slice(2) : label;
}

function group(members: readonly LabelledPiece[], text: string): EntityGroup {
  const first = members[0]!;
  const { start } = first;
  const { end } = members.at(-1)!;
  const total = members.reduce((sum, { score }) => sum + score, 0);
  return {
    // The name is cut at the first dash whatever stands before it: an S-PER is reported as PER.
    entity_group: first.entity.slice(first.entity.indexOf("-") + 1),
    score: Math.fround(total / members.length),
    word: text.slice(start, end),
    start,
    end,
  };
}
