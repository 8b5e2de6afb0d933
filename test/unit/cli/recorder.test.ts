import { recordingSeqeval } from "../../../lib/cli/recorder.ts";
import type { EntityScores } from "../../../lib/metrics/entities.ts";
import { seqeval } from "../../../lib/metrics/seqeval.ts";

const labels = ["O", "B-PER", "I-PER", "B-LOC"];
const prediction = {
  predictions: Int32Array.of(1, 2, 0, 3, 0, 3),
  labelIds: Int32Array.of(1, 2, -100, 3, 3, 0),
  shape: [2, 3] as const,
};

test.each([
  [{}],
  [{ returnEntityLevelMetrics: true }],
])("gives seqeval's metrics with %j, and records their types", (options) => {
  const recorded: EntityScores[] = [];
  const compute = recordingSeqeval(labels, (scores) => recorded.push(scores), options);
  expect(compute(prediction)).toEqual(seqeval(labels, options)(prediction));
  expect(recorded).toEqual([
    expect.objectContaining({
      overall_precision: 2 / 3,
      types: {
        LOC: expect.objectContaining({ number: 2, recall: 0.5 }),
        PER: expect.objectContaining({ f1: 1 }),
      },
    }),
  ]);
});
