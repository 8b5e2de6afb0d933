import { readFileSync } from "node:fs";
import fc from "fast-check";
import { getScheduler, type SchedulerType } from "../../../lib/optim/scheduler.ts";

interface Case {
  name: SchedulerType;
  lr: number;
  warmup: number;
  total: number;
  rates: number[];
}
const fixture = new URL("../../fixtures/optim/schedules.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(fixture, "utf8"));

const scheduler = (name: SchedulerType, lr: number, numWarmupSteps: number, numTrainingSteps: number) => {
  const optimizer = { lr };
  return { optimizer, scheduler: getScheduler(name, { optimizer, numWarmupSteps, numTrainingSteps }) };
};

test.each(cases)("$name, warmup $warmup of $total: 1,000 rates equal transformers' bit for bit", (golden) => {
  const made = scheduler(golden.name, golden.lr, golden.warmup, golden.total);
  const rates = golden.rates.map(() => {
    const lr = made.scheduler.getLastLr();
    expect(made.optimizer.lr).toBe(lr);
    made.scheduler.step();
    return lr;
  });
  expect(rates).toEqual(golden.rates);
});

test("a restored schedule goes on with the rates of the one that was never stopped", () => {
  const lengths = fc.record({ warmup: fc.nat(50), total: fc.nat(200), stop: fc.nat(250) });
  fc.assert(
    fc.property(lengths, ({ warmup, total, stop }) => {
      const whole = scheduler("linear", 5e-5, warmup, total);
      for (let i = 0; i < stop; i++) whole.scheduler.step();
      const resumed = scheduler("linear", 5e-5, warmup, total);
      resumed.scheduler.loadStateDict(JSON.parse(JSON.stringify(whole.scheduler.stateDict())));
      for (let i = 0; i < 5; i++) {
        expect(resumed.optimizer.lr).toBe(whole.optimizer.lr);
        resumed.scheduler.step();
        whole.scheduler.step();
      }
    }),
  );
});

test("the state of another schedule is refused, naming the difference", () => {
  const stored = scheduler("linear", 5e-5, 0, 100).scheduler.stateDict();
  const other = scheduler("linear", 5e-5, 0, 200).scheduler;
  expect(() => other.loadStateDict(stored)).toThrow(
    expect.objectContaining({
      code: "ECHECKPOINT",
      message: expect.stringContaining("num_training_steps 100"),
    }),
  );
});

test("an unknown name lists the known ones", () => {
  expect(() => scheduler("linaer" as SchedulerType, 1, 0, 1)).toThrow(
    expect.objectContaining({ code: "EARG", message: expect.stringContaining("constant_with_warmup") }),
  );
  expect(() => scheduler("toString" as SchedulerType, 1, 0, 1)).toThrow(
    expect.objectContaining({ code: "EARG" }),
  );
});

test.each([-1, 1.5, Number.NaN])("a warmup of %p updates is refused", (warmup) => {
  expect(() => scheduler("linear", 1, warmup, 10)).toThrow(expect.objectContaining({ code: "EARG" }));
});
