import { TorchnerError } from "../native/errors.ts";

/**
 * Refuses an options argument that is no object or has a key outside `known`: a misspelt option that passes
 * in silence trains the wrong model.
 */
export function checkOptions(call: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TorchnerError(
      "EARG",
      `${call} takes an object of options (${known.join(", ")}), not ${kindOf(options)}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearestName(key, known);
    throw new TorchnerError(
      "EARG",
      `${call} has no option ${key}; ${near ? `did you mean ${near}?` : `it takes ${known.join(", ")}.`}`,
    );
  }
}

/** The value, if it is one of `allowed`; `EARG` with the nearest one otherwise. */
export function checkChoice<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((choice) => choice === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? nearestName(value, allowed) : undefined;
  const remedy = near ? `did you mean ${near}?` : `give one of ${allowed.join(", ")}.`;
  throw new TorchnerError(
    "EARG",
    `${name} is ${typeof value === "string" ? value : kindOf(value)}; ${remedy}`,
  );
}

/** Refuses a flag that is neither absent nor true or false: the string "false" would count as true. */
export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TorchnerError("EARG", `${name} is ${kindOf(value)}; give true or false.`);
}

/** Refuses anything but a whole number of at least 1. */
export function checkPositive(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return;
  throw new TorchnerError(
    "EARG",
    `${name} is ${typeof value === "number" ? value : kindOf(value)}; give a whole number of at least 1.`,
  );
}

/** How a message calls a value of the wrong type. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return `the text ${JSON.stringify(value)}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return `a ${typeof value}`;
}

/** The candidate a mistyped name most likely means; case, `-` and `_` do not count as differences. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
