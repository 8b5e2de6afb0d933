/**
 * The known names a misspelt one may stand for, best first, at most three; none when nothing is near.
 * Near is an edit distance of at most 40 % of the length (swapped neighbours count once), or else the name
 * being whole words of a longer one: `epochs` finds `num_train_epochs`.
 */
export function nearestNames(word: string, known: Iterable<string>): string[] {
  const asked = plain(word);
  const names = [...new Set(known)];
  const ranked = names
    .map((name) => ({ name, distance: editDistance(asked, plain(name)) }))
    .filter(({ name, distance }) => distance <= 0.4 * Math.max(asked.length, name.length))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name));
  const best = ranked[0];
  if (best)
    return ranked
      .filter(({ distance }) => distance === best.distance)
      .map(({ name }) => name)
      .slice(0, 3);
  if (asked.length < 3) return [];
  return names.filter((name) => `_${plain(name)}_`.includes(`_${asked}_`)).slice(0, 3);
}

/** `; did you mean a?`, `; did you mean a or b?`, or nothing. `spell` writes a name as the reader would. */
export function didYouMean(
  word: string,
  known: Iterable<string>,
  spell: (name: string) => string = (name) => name,
): string {
  const names = nearestNames(word, known).map(spell);
  return names.length === 0 ? "" : `; did you mean ${names.join(" or ")}?`;
}

/** Spelling alone: case, dashes and camelCase humps say nothing about what was meant. */
function plain(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

/** Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
