/** The likeliest sequence of labels among those that the labels' own scheme allows. Pure. */
import { type LabelRules, labelRules } from "./label_rules.ts";

export interface Decoder {
  /**
   * @param scores  Row-major `[words, labels]` log-probabilities, or logits.
   * @returns One label id per word. Of equal sequences the one of smaller ids, as in an argmax.
   */
  decode(scores: Float32Array | Float64Array, words: number): Int32Array;
}

/** What a decoder takes, from each word's probabilities of the labels. */
export function logProbabilities(words: readonly Float32Array[]): Float64Array {
  const [first] = words;
  const scores = new Float64Array(words.length * (first?.length ?? 0));
  for (const [i, word] of words.entries()) scores.set(Float64Array.from(word, Math.log), i * word.length);
  return scores;
}

/** Which label may follow which, and may begin or end a sentence. */
interface Transitions {
  /** `[previous * labels + next]` */
  follows: Uint8Array;
  begins: Uint8Array;
  ends: Uint8Array;
}

/**
 * A decoder for a model's labels. Where they tell no scheme everything is allowed, and what it finds is each word's
 * likeliest label.
 */
export function decoderOf(labels: readonly string[]): Decoder {
  const { follows, begins, ends } = transitionsOf(labelRules(labels));
  const count = labels.length;
  const decode: Decoder["decode"] = (scores, words) => {
    const path = new Int32Array(words);
    if (words === 0) return path;
    const from = new Int32Array(words * count);
    let best = Float64Array.from({ length: count }, (_, label) =>
      begins[label] ? scores[label]! : Number.NEGATIVE_INFINITY,
    );
    for (let word = 1; word < words; word++) {
      const next = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
      for (let label = 0; label < count; label++) {
        let top = Number.NEGATIVE_INFINITY;
        for (let previous = 0; previous < count; previous++) {
          if (!follows[previous * count + label] || best[previous]! <= top) continue;
          top = best[previous]!;
          from[word * count + label] = previous;
        }
        next[label] = top + scores[word * count + label]!;
      }
      best = next;
    }
    const last = best.map((score, label) => (ends[label] ? score : Number.NEGATIVE_INFINITY));
    path[words - 1] = last.indexOf(Math.max(...last));
    for (let word = words - 1; word > 0; word--) path[word - 1] = from[word * count + path[word]!]!;
    return path;
  };
  return { decode };
}

function transitionsOf({ labels, scheme, types, opens, closes }: LabelRules): Transitions {
  const count = labels.length;
  const ids = [...labels.keys()];
  const isOutside = (id: number) => types[id] === labels[id];
  /** Goes on with an entity: `I-`, `E-`, `L-`. */
  const continues = ids.map((id) => !isOutside(id) && !opens[id]);
  const hasOpening = opens.some(Boolean);
  // In BIOES an entity that is open has to be closed; a type without any label to close it is let off.
  const mustGoOn = ids.map(
    (id) =>
      scheme !== "IOB2" &&
      !isOutside(id) &&
      !closes[id] &&
      ids.some((other) => closes[other] && continues[other] && types[other] === types[id]),
  );
  const allows = (previous: number, next: number) => {
    const goesOn = continues[next]! && types[previous] === types[next];
    if (mustGoOn[previous]) return goesOn;
    if (!continues[next] || !hasOpening) return true;
    return goesOn && !closes[previous] && !isOutside(previous);
  };
  const free = scheme === undefined;
  const follows = new Uint8Array(count * count);
  for (const previous of ids) {
    for (const next of ids) follows[previous * count + next] = Number(free || allows(previous, next));
  }
  return {
    follows,
    begins: Uint8Array.from(ids, (id) => Number(free || !continues[id] || !hasOpening)),
    ends: Uint8Array.from(ids, (id) => Number(free || !mustGoOn[id])),
  };
}
