import fc from "fast-check";
import { jsonValues } from "../../../lib/data/json_values.ts";

test("each element of an array knows its line, whatever it is", () => {
  const value = fc.json({ maxDepth: 3 });
  const gap = fc.constantFrom("", " ", "\n", "\n\n", "\r\n\t");
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, value, gap), { minLength: 1 }), (elements) => {
      let text = "[";
      const expected = elements.map(([before, one, after], i) => {
        text += `${i > 0 ? "," : ""}${before}`;
        const line = text.split("\n").length;
        text += `${one}${after}`;
        return { value: JSON.parse(one), line, place: `x:${line}` };
      });
      expect(jsonValues(`${text}]`, "x")).toEqual(expected);
    }),
  );
});

test("a text of many million characters does not overflow the stack", () => {
  const text = "a".repeat(12_000_000);
  expect(jsonValues(`["${text}",\n{}]`, "x").map(({ line }) => line)).toEqual([1, 2]);
});

test.each([
  ["NaN", "NaN"],
  ["Python's None", "None"],
  ["a comma too many", "1,"],
  ["no comma", "1 1"],
  ["a string of single quotes", "'a'"],
  ["a string that stays open", '"a'],
  ["a tab in a string", '"a\tb"'],
  ["an object that stays open", "{"],
])("%s is a fault of its line, wherever it stands", (_, fault) => {
  for (const [before, after] of [
    [1, 1],
    [1, 9],
    [9, 1],
    [8, 8],
  ] as const) {
    const rows = (count: number) => Array<string>(count).fill('{"a": [1, true, null, "x"]},\n').join("");
    const text = `[\n${rows(before)}[${fault}],\n${rows(after)}"end"]\n`;
    expect(() => jsonValues(text, "x")).toThrow(`x:${before + 2}: not valid JSON`);
  }
});
