import type { Scheme } from "../metrics/schemes.ts";
import { TorchnerError } from "../native/errors.ts";
import { wordPlace } from "./labels.ts";
import { readEntities, writeTags } from "./scheme.ts";
import type { Example } from "./types.ts";

/**
 * The same entities in another scheme.
 * @param repair  Read what `from` does not allow as conlleval does, instead of refusing it.
 * @returns The examples, and how many tags were not allowed.
 * @throws {TorchnerError} `EDATA` naming the first tag that is none of `from` where it stands.
 */
export function convertScheme(
  examples: readonly Example[],
  { from, to, repair = false }: { from: Scheme; to: Scheme; repair?: boolean },
): { examples: Example[]; repaired: number } {
  let repaired = 0;
  let first: string | undefined;
  const converted = examples.map((example, i) => {
    const { tokens, nerTags = [] } = example;
    const { entities, faults } = readEntities(nerTags, from);
    repaired += faults.length;
    if (faults.length > 0) first ??= `${wordPlace(example, i + 1, faults[0]!.word)}: ${faults[0]!.message}`;
    return { ...example, nerTags: writeTags(entities, tokens.length, to) };
  });
  if (repaired > 0 && !repair) {
    throw new TorchnerError(
      "EDATA",
      `${first}, which ${from} does not allow (${repaired} such tags); correct them, name the scheme they are in ` +
        "(--from), or take the lenient reading (--repair).",
    );
  }
  return { examples: converted, repaired };
}
