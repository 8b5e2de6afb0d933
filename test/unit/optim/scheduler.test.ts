import { readFileSync } from "node:fs";
import fc from "fast-check";
import { getScheduler, type SchedulerType, schedulerTypes } from "../../../lib/optim/scheduler.ts";

interface Case {
  name: SchedulerType;
  lr: number;
  warmup: number;
  total: number;
  kwargs: Record<string, number | string>;
  /** What `step` is given, for the schedule that watches a metric. */
  metrics: number[];
  rates: number[];
}
const fixture = new URL("../../fixtures/optim/schedules.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(fixture, "utf8"));

const scheduler = (
  name: SchedulerType,
  lr: number,
  numWarmupSteps: number,
  numTrainingSteps: number,
  schedulerSpecificKwargs: Record<string, unknown> = {},
) => {
  const optimizer = { lr };
  const options = { optimizer, numWarmupSteps, numTrainingSteps, schedulerSpecificKwargs };
  return { optimizer, scheduler: getScheduler(name, options) };
};
const make = ({ name, lr, warmup, total, kwargs }: Case) => scheduler(name, lr, warmup, total, kwargs);

test("every schedule is compared", () => {
  expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(schedulerTypes));
});

/** glibc's cosine and power are themselves not always the nearest double: about one value in a thousand. */
const roundsByCosineOrPower = ({ name, kwargs }: Case) =>
  name.startsWith("cosine") || name === "warmup_stable_decay" || (kwargs.power ?? 1) !== 1;

test.each(cases)("$name $kwargs, warmup $warmup of $total: 1,000 rates equal transformers'", (golden) => {
  const made = make(golden);
  const different = golden.rates.filter((rate, step) => {
    const lr = made.scheduler.getLastLr();
    expect(made.optimizer.lr).toBe(lr);
    expect(Math.abs(lr - rate)).toBeLessThanOrEqual(rate * 2 ** -51);
    made.scheduler.step(golden.metrics[step]);
    return lr !== rate;
  });
  expect(different.length).toBeLessThanOrEqual(roundsByCosineOrPower(golden) ? 2 : 0);
});

test("a restored schedule goes on with the rates of the one that was never stopped", () => {
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.nat(900), (golden, stop) => {
      const whole = make(golden);
      for (let i = 0; i < stop; i++) whole.scheduler.step(golden.metrics[i]);
      const resumed = make(golden);
      resumed.scheduler.loadStateDict(JSON.parse(JSON.stringify(whole.scheduler.stateDict())));
      for (let i = stop; i < stop + 40; i++) {
        expect(resumed.optimizer.lr).toBe(whole.optimizer.lr);
        resumed.scheduler.step(golden.metrics[i]);
        whole.scheduler.step(golden.metrics[i]);
      }
    }),
  );
});

test("options may be written in camelCase", () => {
  const [snake, camel] = [{ num_cycles: 2 }, { numCycles: 2 }].map((kwargs) => {
    const { scheduler: made } = scheduler("cosine", 1, 0, 100, kwargs);
    for (let i = 0; i < 7; i++) made.step();
    return made.getLastLr();
  });
  expect(camel).toBe(snake);
});

test.each([
  ["cosine", { num_cycle: 2 }, "has no option num_cycle; did you mean num_cycles?"],
  ["linear", { power: 2 }, "has no option power; it takes none"],
  ["cosine_with_restarts", { num_cycles: 1.5 }, "num_cycles must be a whole number >= 0, not 1.5"],
  ["warmup_stable_decay", {}, "needs num_decay_steps"],
  [
    "warmup_stable_decay",
    { num_decay_steps: 1, decay_type: "sine" },
    "decay_type must be one of linear, cosine, 1-sqrt",
  ],
  ["polynomial", { lr_end: 2 }, "lr_end (2) must be below the learning rate (1)"],
  ["inverse_sqrt", { timescale: 0 }, "timescale must be at least 1"],
  ["reduce_lr_on_plateau", { factor: 1 }, "factor must be below 1"],
] as const)("%s refuses %j", (name, kwargs, message) => {
  expect(() => scheduler(name, 1, 0, 100, kwargs)).toThrow(
    expect.objectContaining({ code: "EARG", message: expect.stringContaining(message) }),
  );
});

test("the schedule that watches a metric is not stepped without one", () => {
  const { scheduler: plateau } = scheduler("reduce_lr_on_plateau", 1, 0, 10);
  expect(plateau.stepsOnMetric).toBe(true);
  expect(() => plateau.step()).toThrow(/takes the metric/);
  expect(scheduler("linear", 1, 0, 10).scheduler.stepsOnMetric).toBe(false);
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
