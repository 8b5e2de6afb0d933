/**
 * A list that was written into a cell as text: JSON, Python's `['EU', "can't"]`, or numpy's `['EU' 'rejects']` and
 * `[3 0 7]`. Undefined for a text that is no such list.
 */
export function parseList(cell: string): (string | number)[] | undefined {
  const text = cell.trim();
  if (!text.startsWith("[") || !text.endsWith("]")) return undefined;
  const items: (string | number)[] = [];
  const item = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+))\s*(?:,|(?=['"\d\s-])|$)/sy;
  const inner = text.slice(1, -1);
  if (inner.trim() === "") return items;
  while (item.lastIndex < inner.length) {
    const found = item.exec(inner);
    if (!found) return undefined;
    const [, single, double, whole] = found;
    items.push(whole === undefined ? unescaped((single ?? double)!) : Number(whole));
  }
  return items;
}

/**
 * Whether a cell that `parseList` cannot read was meant as a list: numpy shortens long ones to `...`, and writes `nan`,
 * `1.0` or `np.str_('EU')`. A sentence may stand in brackets too, tags never do.
 */
export function isBrokenList(cell: string, what: "words" | "tags"): boolean {
  const text = cell.trim();
  const opened = what === "tags" ? /^\[/ : /^\[\s*(['"]|np\.)/;
  return opened.test(text) && text.endsWith("]") && parseList(text) === undefined;
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** What Python's repr and JSON write behind a backslash. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:U(00(?:0\p{AHex}|10)\p{AHex}{4})|u(\p{AHex}{4})|x(\p{AHex}{2})|(.))/gsu,
    (_, wide, unit, byte, letter) =>
      letter === undefined
        ? String.fromCodePoint(Number.parseInt(wide ?? unit ?? byte, 16))
        : (escapes[letter] ?? letter),
  );
}
