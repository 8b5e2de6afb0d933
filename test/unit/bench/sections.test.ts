import { formatReport } from "../../../bench/report.mjs";
import { figure, sectionOf } from "../../../bench/sections.mjs";
import { median, spread } from "../../../bench/stats.mjs";

const entries = [
  { name: "ours" },
  { name: "theirs", rival: "ours", target: 3, memoryTarget: 0.7 },
  { name: "absent", rival: "ours" },
];
const finishes = [
  { name: "ours", answers: [{ seconds: 1 }, { seconds: 2 }, { seconds: 1 }], peakMegabytes: 300 },
  { name: "theirs", answers: [{ seconds: 4 }, { seconds: 4 }, { seconds: 5 }], peakMegabytes: 400 },
  { name: "absent", answers: [], unavailable: "not installed" },
];
const race = (better: "more" | "less", value: (answer: { seconds: number }) => number) =>
  sectionOf({ title: "race", unit: "s", better, entries, finishes, value });

test("the median of an even number of samples lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(spread([4, 1, 3])).toEqual({ median: 3, min: 1, max: 4 });
});

test("ratios are taken turn by turn, whether seconds or a rate are measured", () => {
  for (const { rows } of [
    race("less", ({ seconds }) => seconds),
    race("more", ({ seconds }) => 1 / seconds),
  ]) {
    expect(rows[1].comparison.times).toEqual({ median: 4, min: 2, max: 5 });
    expect(rows[1].comparison.target).toEqual({ atLeast: 3, met: true });
    expect(rows[1].comparison.memory).toBe(0.75);
    expect(rows[1].comparison.memoryTarget.met).toBe(false);
  }
});

test("one that is compared with an absent rival keeps its own figures", () => {
  const alone = sectionOf({
    ...{
      title: "race",
      unit: "s",
      better: "less" as const,
      value: ({ seconds }: { seconds: number }) => seconds,
    },
    entries: [{ name: "absent" }, { name: "theirs", rival: "absent" }],
    finishes: [finishes[2]!, finishes[1]!],
  });
  expect(alone.rows).toMatchObject([{ unavailable: "not installed" }, { median: 4 }]);
  expect(alone.rows[1].comparison).toBeUndefined();
});

test("the table says which targets are missed and why something is absent", () => {
  const sections = [
    race("less", ({ seconds }) => seconds),
    { title: "own", rows: [figure("delay", "ms", [21], { atMost: 20 })] },
  ];
  const table = formatReport({ head: "a machine", sections });
  expect(table).toMatch(/theirs .* 4\.00x .* > 3x met .* 0\.75x .* < 0\.7x MISSED/);
  expect(table).toMatch(/delay .* < 20 ms MISSED/);
  expect(table).toMatch(/absent: not installed$/);
});
