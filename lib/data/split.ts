/** A dataset in parts that are alike: seeded, by entity types, whole documents together. Pure. */
import type { Scheme } from "../metrics/schemes.ts";
import { TorchnerError } from "../native/errors.ts";
import { randomOrder } from "./generator.ts";
import { readEntities } from "./scheme.ts";
import type { Example } from "./types.ts";

interface Group {
  members: number[];
  /** Entities by type. */
  types: Map<string, number>;
}

/**
 * Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011) of entity counts: groups with the rarest type go
 * first, each to the part that lacks most of it. A group is a document where documents are marked, else a sentence with
 * all its repetitions, so that no part holds a sentence of another.
 *
 * @param shares  Of the sentences, in any unit.
 * @returns Indexes of each part's examples, in the data's order.
 */
export function splitExamples(
  examples: readonly Example[],
  { shares, seed, scheme }: { shares: readonly number[]; seed: number; scheme: Scheme },
): number[][] {
  const total = shares.reduce((a, b) => a + b, 0);
  if (!(total > 0) || shares.some((share) => !(share >= 0))) {
    throw new TorchnerError(
      "EARG",
      `shares are ${shares.join(", ")}; give numbers of at least 0, e.g. 0.8, 0.1, 0.1.`,
    );
  }
  const groups = groupsOf(examples, scheme);
  const open = new Set(Array.from(randomOrder(groups.length, seed), (i) => groups[i]!));
  const parts = shares.map((share) => ({
    members: [] as number[],
    room: (share / total) * examples.length,
    wanted: new Map<string, number>(),
  }));
  for (const [type, count] of countTypes(open)) {
    for (const [i, part] of parts.entries()) part.wanted.set(type, (shares[i]! / total) * count);
  }
  const assign = (group: Group, type: string | undefined) => {
    const lack = (part: (typeof parts)[number]) =>
      type === undefined ? part.room : (part.wanted.get(type) ?? 0);
    const [best] = parts
      .filter((_, i) => shares[i]! > 0)
      .sort((a, b) => lack(b) - lack(a) || b.room - a.room);
    best!.members.push(...group.members);
    best!.room -= group.members.length;
    for (const [one, count] of group.types) best!.wanted.set(one, (best!.wanted.get(one) ?? 0) - count);
    open.delete(group);
  };
  for (;;) {
    const rarest = [...countTypes(open)].sort(([, a], [, b]) => a - b)[0]?.[0];
    if (rarest === undefined) break;
    for (const group of [...open]) if (group.types.has(rarest)) assign(group, rarest);
  }
  for (const group of [...open]) assign(group, undefined);
  return parts.map(({ members }) => members.sort((a, b) => a - b));
}

function groupsOf(examples: readonly Example[], scheme: Scheme): Group[] {
  const byDocument = new Set(examples.map(({ source }) => source?.document)).size > 1;
  const groups = new Map<string, Group>();
  for (const [i, { tokens, nerTags = [], source }] of examples.entries()) {
    const key = byDocument ? String(source?.document) : tokens.join("\n");
    const group: Group = groups.get(key) ?? { members: [], types: new Map() };
    group.members.push(i);
    for (const { type } of readEntities(nerTags, scheme).entities) {
      group.types.set(type, (group.types.get(type) ?? 0) + 1);
    }
    groups.set(key, group);
  }
  return [...groups.values()];
}

function countTypes(groups: Iterable<Group>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { types } of groups) {
    for (const [type, count] of types) counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return counts;
}
