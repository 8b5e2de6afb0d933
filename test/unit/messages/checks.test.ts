import {
  checkChoice,
  checkFlag,
  checkOptions,
  checkPositive,
  checkText,
  kindOf,
} from "../../../lib/messages/checks.ts";

const wrong = (message: RegExp) =>
  expect.objectContaining({ code: "EARG", message: expect.stringMatching(message) });

describe("checks of arguments", () => {
  it("name the option that a misspelt one is near to", () => {
    expect(() => checkOptions("read()", { fileNmae: 1 }, ["fileName", "size"])).toThrow(
      wrong(/^read\(\) has no option fileNmae; did you mean fileName\?$/),
    );
    expect(() => checkOptions("read()", { zzz: 1 }, ["fileName", "size"])).toThrow(
      wrong(/it takes fileName, size\.$/),
    );
    expect(() => checkOptions("read()", { size: 1 }, ["fileName", "size"])).not.toThrow();
  });

  it.each([null, undefined, 5, "x", [1]])("refuse %p where options belong", (options) => {
    expect(() => checkOptions("read()", options, ["size"])).toThrow(
      wrong(/takes an object of options \(size\), not/),
    );
  });

  it("pass a choice on and name the nearest for another", () => {
    expect(checkChoice("mode", "fast", ["fast", "exact"])).toBe("fast");
    expect(() => checkChoice("mode", "exakt", ["fast", "exact"])).toThrow(wrong(/did you mean exact\?$/));
    expect(() => checkChoice("mode", 5, ["fast", "exact"])).toThrow(wrong(/give one of fast, exact\.$/));
  });

  it("refuse texts that are none or empty, counts below 1 and flags that are words", () => {
    for (const value of [null, undefined, 5, "", {}])
      expect(() => checkText("folder", value)).toThrow(
        wrong(/^folder is .+; give text that is not empty\.$/),
      );
    expect(() => checkText("folder", "out")).not.toThrow();
    for (const value of [0, -1, 1.5, Number.NaN, "3", null])
      expect(() => checkPositive("size", value)).toThrow(wrong(/^size is .+ at least 1\.$/));
    for (const value of ["false", 0, null])
      expect(() => checkFlag("drop", value)).toThrow(wrong(/^drop is .+; give true or false\.$/));
  });

  it("call wrong values by their kind", () => {
    expect([null, undefined, [], {}, 5, true, "a", () => 1].map(kindOf)).toEqual([
      "null",
      "nothing",
      "an array",
      "an object",
      "the number 5",
      "the boolean true",
      'the text "a"',
      "a function",
    ]);
  });
});
