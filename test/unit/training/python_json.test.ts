import fc from "fast-check";
import { pythonFloat, pythonJson } from "../../../lib/training/python_json.ts";

test.each([
  [1, "1.0"],
  [0, "0.0"],
  [-0, "-0.0"],
  [0.4, "0.4"],
  [1.8750000000000002e-5, "1.8750000000000002e-05"],
  [0.0001, "0.0001"],
  [0.00009999, "9.999e-05"],
  [5e-324, "5e-324"],
  [1328832, "1328832.0"],
  [1e15, "1000000000000000.0"],
  [1e16, "1e+16"],
  [1.5e300, "1.5e+300"],
])("%p is the Python float %s", (value, text) => {
  expect(pythonFloat(value)).toBe(text);
});

test("a float read back is the float that was written", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(finite, (value) => Object.is(JSON.parse(pythonFloat(value)), value)));
});

test("keys are sorted, whole numbers stay whole unless their key holds floats", () => {
  const value = {
    step: 2,
    epoch: 1,
    list: [],
    empty: {},
    name: "é\n",
    gone: undefined,
    none: null,
    yes: true,
  };
  expect(pythonJson(value, 2, (key) => key === "epoch")).toBe(
    '{\n  "empty": {},\n  "epoch": 1.0,\n  "list": [],\n  "name": "é\\n",\n  "none": null,\n  "step": 2,\n  "yes": true\n}\n',
  );
});

test("nested lists are indented like Python's", () => {
  expect(pythonJson({ rows: [{ b: 1.5, a: 2 }] }, 4, () => false)).toBe(
    '{\n    "rows": [\n        {\n            "a": 2,\n            "b": 1.5\n        }\n    ]\n}\n',
  );
});

test("a value that is not finite becomes null, which every reader takes", () => {
  expect(pythonJson({ loss: Number.NaN }, 2, () => true)).toBe('{\n  "loss": null\n}\n');
});
