import { jest } from "@jest/globals";
import { TorchnerError } from "../../../lib/native/errors.ts";
import { FakeModel, Recorder } from "./fakes.ts";

const states: number[] = [];
jest.unstable_mockModule("../../../lib/model/runtime.ts", () => ({
  getRngState: async () => Uint8Array.of(9),
  setRngState: async (state: Uint8Array) => void states.push(state[0]!),
}));
const { whileOutOfMemory } = await import("../../../lib/training/batch_size.ts");

const full = () => new TorchnerError("EOOM", "no memory");

test("memory that runs out makes the batch a tenth smaller, from the first weights and random numbers", async () => {
  const model = new FakeModel(new Recorder());
  const tried: number[] = [];
  const notes: string[] = [];
  let given = 0;
  const result = await whileOutOfMemory(
    model,
    32,
    (line) => notes.push(line),
    async (size) => {
      tried.push(size);
      if (size > 25) throw full();
      return `ran with ${size}`;
    },
    async () => void given++,
  );
  expect(given).toBe(2);
  expect(result).toBe("ran with 25");
  expect(tried).toEqual([32, 28, 25]);
  expect(model.loadedFrom).toHaveLength(2);
  expect(states).toEqual([9, 9]);
  expect(notes).toEqual([expect.stringContaining("batch 32 is too large"), expect.stringContaining("25")]);
});

test("one sentence that does not fit, and any other error, end the search", async () => {
  const model = new FakeModel(new Recorder());
  const nothing = async () => {};
  const never = () => Promise.reject(full());
  await expect(whileOutOfMemory(model, 3, () => {}, never, nothing)).rejects.toMatchObject({ code: "EOOM" });
  const broken = () => Promise.reject(new Error("broken"));
  await expect(whileOutOfMemory(model, 3, () => {}, broken, nothing)).rejects.toThrow("broken");
});
