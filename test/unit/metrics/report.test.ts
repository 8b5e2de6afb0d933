import { classificationReport } from "../../../lib/metrics/report.ts";

test("a report without any entity is a table of zeros", () => {
  expect(classificationReport([["O", "O"]], [["O", "O"]])).toBe(
    [
      "              precision    recall  f1-score   support",
      "",
      "",
      "   micro avg       0.00      0.00      0.00         0",
      "   macro avg       0.00      0.00      0.00         0",
      "weighted avg       0.00      0.00      0.00         0",
      "",
    ].join("\n"),
  );
});

test("an exact tie is printed with the even digit, as Python prints it", () => {
  // 5 of 8 and 1 of 8 are 0.625 and 0.125, which binary fractions hold exactly.
  const gold = [Array(8).fill("B-PER"), Array(8).fill("B-LOC")];
  const found = (count: number, tag: string) => Array.from({ length: 8 }, (_, i) => (i < count ? tag : "O"));
  const report = classificationReport(gold, [found(5, "B-PER"), found(1, "B-LOC")]);
  expect(report).toContain("         PER       1.00      0.62      0.77         8");
  expect(report).toContain("         LOC       1.00      0.12      0.22         8");
  const none = classificationReport([["B-PER", "B-PER"]], [["B-PER", "O"]], { digits: 0 });
  expect(none).toContain("         PER          1         0         1         2");
});

test("more digits widen the figures, and a long type its column", () => {
  const report = classificationReport([["B-A_RATHER_LONG_TYPE", "O"]], [["B-A_RATHER_LONG_TYPE", "B-X"]], {
    digits: 4,
  });
  expect(report.split("\n").slice(2, 6)).toEqual([
    "A_RATHER_LONG_TYPE     1.0000    1.0000    1.0000         1",
    "                 X     0.0000    0.0000    0.0000         0",
    "",
    "         micro avg     0.5000    1.0000    0.6667         1",
  ]);
});

test("columns stand in line for a type written in characters of two UTF-16 units", () => {
  const name = "🏙".repeat(14);
  const lines = classificationReport([[`B-${name}`]], [[`B-${name}`]]).split("\n");
  expect(lines[2]).toBe(`${name}       1.00      1.00      1.00         1`);
  expect([...lines[2]!].length).toBe([...lines[4]!].length);
});

test.each([[-1], [2.5], [21], ["2"]])("digits %p are refused", (digits) => {
  expect(() => classificationReport([["O"]], [["O"]], { digits: digits as number })).toThrow(
    expect.objectContaining({ code: "EARG" }),
  );
});
