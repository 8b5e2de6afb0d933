import { TorchnerError } from "../native/errors.ts";
import { nearestNames } from "./suggest.ts";

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
    const [near] = nearestNames(key, known);
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
  const [near] = typeof value === "string" ? nearestNames(value, allowed) : [];
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

/** Refuses anything but text with something in it: a path, a name. */
export function checkText(name: string, value: unknown): void {
  if (typeof value === "string" && value.includes("\0")) {
    throw new TorchnerError("EARG", `${name} has a character of code 0 in it; take it out.`);
  }
  if (typeof value === "string" && value !== "") return;
  throw new TorchnerError("EARG", `${name} is ${kindOf(value)}; give text that is not empty.`);
}

/** Refuses anything but a whole number from 0. */
export function checkCount(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new TorchnerError("EARG", `${name} is ${kindOf(value)}; give a whole number from 0.`);
}

/** Refuses anything but a whole number of at least 1. */
export function checkPositive(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return;
  throw new TorchnerError(
    "EARG",
    `${name} is ${typeof value === "number" ? value : kindOf(value)}; give a whole number of at least 1.`,
  );
}

/** How a message writes a value: what is short as in the program, anything else by its kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}

/** How a message calls a value of the wrong type. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return `the text ${quoted(value)}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return `a ${typeof value}`;
}

/** A text of a megabyte is no message. */
function quoted(text: string): string {
  const most = 200;
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text);
}
