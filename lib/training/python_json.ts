/**
 * JSON as Python's `json.dumps(..., sort_keys=True)` writes it, so that files of the two can be compared as text:
 * sorted keys, floats in Python's `repr` (letters beyond ASCII stay readable). What is a float is the caller's
 * knowledge; JavaScript has one number.
 * NaN and infinities become null: Python would write bare `NaN`, which no other JSON reader takes.
 */
export type IsFloat = (key: string) => boolean;

export function pythonJson(value: unknown, indent: number, isFloat: IsFloat): string {
  return `${write(value, "", "", " ".repeat(indent), isFloat)}\n`;
}

function write(value: unknown, key: string, margin: string, step: string, isFloat: IsFloat): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "number") return isFloat(key) ? pythonFloat(value) : wholeOrFloat(value);
  if (typeof value !== "object") return JSON.stringify(value);

  const inner = margin + step;
  const list = Array.isArray(value);
  const items = list
    ? value.map((item) => write(item, key, inner, step, isFloat))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => `${JSON.stringify(name)}: ${write(item, name, inner, step, isFloat)}`);
  const [open, close] = list ? "[]" : "{}";
  if (items.length === 0) return `${open}${close}`;
  return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${margin}${close}`;
}

function wholeOrFloat(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : pythonFloat(value);
}

/** Python's shortest repr has JavaScript's digits, but always a point, and an exponent outside 1e-4 ... 1e16. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}
