/** What the labels of a model say about where entities begin and end. Pure. */
import { detectScheme, type Scheme } from "../metrics/schemes.ts";
import { PREFIX, tagTable } from "../metrics/tags.ts";

/** By label id. */
export interface LabelRules {
  readonly labels: readonly string[];
  /** Undefined where the labels' prefixes tell no scheme: an `I-` alone, or none. */
  readonly scheme?: Scheme;
  /** What must be equal for one label to go on with the entity of another. */
  readonly types: readonly string[];
  /** The entity's name in results. */
  readonly names: readonly string[];
  /** Begins an entity, whatever stands before. */
  readonly opens: readonly boolean[];
  /** Ends an entity, whatever comes after. */
  readonly closes: readonly boolean[];
}

/**
 * The rules of transformers' pipeline where labels are `B-`, `I-` or have no prefix: a label of another form counts as
 * inside of an entity of that whole name, so that `O` goes on with `O`. Labels of BIOES, BILOU and IOE schemes, which
 * fall apart there, are read by their scheme.
 */
export function labelRules(labels: readonly string[]): LabelRules {
  const { prefixes } = tagTable(labels);
  const scheme = detectScheme(new Set(prefixes));
  const has = (id: number, letters: string) =>
    /^.-/u.test(labels[id]!) &&
    [...letters].some((letter) => prefixes[id] === PREFIX[letter as keyof typeof PREFIX]);
  const [inside, opening, closing] =
    scheme === undefined || scheme === "IOB2" ? ["BI", "B", ""] : ["BIESLU", "BSU", "ESLU"];
  const ids = [...labels.keys()];
  return {
    ...{ labels, scheme },
    types: ids.map((id) => (has(id, inside) ? labels[id]!.slice(2) : labels[id]!)),
    names: labels.map((label) => /^.-(.*)$/su.exec(label)?.[1] ?? label),
    opens: ids.map((id) => has(id, opening)),
    closes: ids.map((id) => has(id, closing)),
  };
}
