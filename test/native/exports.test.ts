/** Every export that takes arguments, called with wrong ones: always a TorchnerError that says what is wrong. */
import * as torchner from "../../lib/index.ts";
import { tinyBatch, tinyModel } from "./tiny_model.ts";

type Call = (value: never) => unknown;

let model: torchner.TokenClassificationModel;
beforeAll(async () => {
  await torchner.setNumThreads(1);
  model = await tinyModel();
});
afterAll(() => model.dispose());

const wrongArguments: [string, Call][] = [
  ["AutoModel.fromPretrained", (value) => torchner.AutoModelForTokenClassification.fromPretrained(value)],
  ["AutoModel.fromConfig", (value) => torchner.AutoModelForTokenClassification.fromConfig(value)],
  ["AutoConfig.fromPretrained", (value) => torchner.AutoConfig.fromPretrained(value)],
  ["AutoTokenizer.fromPretrained", (value) => torchner.AutoTokenizer.fromPretrained(value)],
  ["AdamW", (value) => new torchner.AdamW(value)],
  ["getScheduler", (value) => torchner.getScheduler("linear", value)],
  ["pipeline", (value) => torchner.pipeline("ner", value)],
  ["loadWeights", (value) => model.loadWeights(value)],
  ["seqeval", (value) => torchner.seqeval(value)],
  ["tagSequences", (value) => torchner.tagSequences(value, ["O"])],
  ["loadDataset", (value) => torchner.loadDataset(value)],
  ["Dataset", (value) => new torchner.Dataset(value)],
  ["DatasetDict", (value) => new torchner.DatasetDict(value)],
  ["tokenizeAndAlignLabels", (value) => torchner.tokenizeAndAlignLabels(value)],
  ["DataCollatorForTokenClassification", (value) => new torchner.DataCollatorForTokenClassification(value)],
];

// Missing folders are text of the right kind, so "x" is another code there.
test.each(
  wrongArguments.flatMap(([name, call]) =>
    [null, 5, "x", undefined].map((value) => [name, value, call] as const),
  ),
)("%s(%p) throws a TorchnerError", async (_name, value, call) => {
  await expect((async () => call(value as never))()).rejects.toMatchObject({
    name: "TorchnerError",
    code: value === "x" ? expect.stringMatching(/^(EARG|ECHECKPOINT|EIO)$/) : "EARG",
  });
});

test.each<[string, RegExp, () => unknown]>([
  [
    "AdamW",
    /no option weight_decay; did you mean weightDecay/,
    () => new torchner.AdamW(model, { weight_decay: 1 } as never),
  ],
  ["AdamW", /takes an object/, () => new torchner.AdamW(model, null as never)],
  ["forward", /did you mean training/, () => model.forward(tinyBatch(), { trainning: true } as never)],
  [
    "fromPretrained",
    /ignoreMismatchedSizes/,
    () =>
      torchner.AutoModelForTokenClassification.fromPretrained("x", { ignoreMismatchSizes: true } as never),
  ],
  [
    "fromConfig",
    /did you mean reference/,
    () =>
      torchner.AutoModelForTokenClassification.fromConfig(model.config, { numerics: "refrence" } as never),
  ],
  [
    "getScheduler",
    /did you mean numWarmupSteps/,
    () => torchner.getScheduler("linear", { numWarmUpStep: 5 } as never),
  ],
  [
    "seqeval",
    /no option returnEntityMetrics/,
    () => torchner.seqeval(["O"], { returnEntityMetrics: true } as never),
  ],
  [
    "classificationReport",
    /takes an object/,
    () => torchner.classificationReport([["O"]], [["O"]], null as never),
  ],
  ["pipeline", /takes an object/, () => torchner.pipeline("ner", "x", null as never)],
  ["savePretrained", /folder is nothing/, () => model.savePretrained(undefined as never)],
])("%s: %p", async (_name, message, call) => {
  await expect((async () => call())()).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringMatching(message),
  });
});
