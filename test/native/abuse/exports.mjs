/**
 * Everything that a user imports from "torchner", and the methods of what they make of it, found by reflection and called
 * with values of every type. Prints a line for each call that fails otherwise than by a refusal.
 */
import * as torchner from "torchner";
import { hostileValues, planned } from "./hostile_values.mjs";

const { TorchnerError } = torchner;
process.env.HF_HUB_OFFLINE = "1";

const labels = ["O", "B-X"];
const config = {
  ...{ model_type: "bert", vocab_size: 50, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2 },
  ...{ intermediate_size: 8, max_position_embeddings: 16 },
};
const model = await torchner.AutoModelForTokenClassification.fromConfig(config, { labels });
const batch = { shape: [1, 3], inputIds: Int32Array.of(1, 5, 2), labels: Int32Array.of(-100, 1, -100) };
const example = { tokens: ["a"], nerTags: ["O"] };
const dataset = new torchner.Dataset([example, example]);
const optimizer = new torchner.AdamW(model, { lr: 1e-3 });
const collator = new torchner.DataCollatorForTokenClassification({ padTokenId: 0, padTokenTypeId: 0 });
const args = new torchner.TrainingArguments({ outputDir: "out", disableTqdm: true });
/** What classes make, since many cannot be made from wrong values. */
const made = {
  ...{ model, optimizer, dataset, collator, args },
  output: await model.forward(batch),
  loader: new torchner.DataLoader(dataset, { collator }),
  splits: new torchner.DatasetDict({ train: dataset }),
  scheduler: torchner.getScheduler("linear", { optimizer, numWarmupSteps: 0, numTrainingSteps: 5 }),
  trainer: new torchner.Trainer({ model, args, dataCollator: collator, log() {} }),
};

const isClass = (value) => typeof value === "function" && /^class\b/.test(String(value));
// What an Error takes, TorchnerError takes.
const functions = Object.entries(torchner).filter(
  ([, value]) => typeof value === "function" && value !== TorchnerError,
);
const own = (object) =>
  Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([key, { value }]) => key !== "constructor" && typeof value === "function" && !isClass(value))
    .map(([key, { value }]) => [key, value]);

const callables = [
  ...functions.map(([name, value]) => [
    name,
    isClass(value) ? (given) => new value(...given) : (given) => value(...given),
  ]),
  ...functions
    .filter(([, value]) => isClass(value))
    .flatMap(([name, value]) =>
      own(value).map(([key, method]) => [`${name}.${key}`, (given) => method.apply(value, given)]),
    ),
  ...Object.entries(made).flatMap(([name, object]) =>
    own(object.constructor === Object ? object : Object.getPrototypeOf(object))
      .filter(([key]) => key !== "dispose")
      .map(([key, method]) => [`${name}.${key}`, (given) => method.apply(object, given)]),
  ),
];

const counts = { calls: 0, refused: 0, accepted: 0 };
const late = {};
async function failureOf(call) {
  counts.calls++;
  let timer;
  const deadline = new Promise((resolve) => {
    timer = setTimeout(() => resolve(late), 20_000);
  });
  try {
    const result = await Promise.race([call(), deadline]);
    if (result === late) return new Error("has not ended after 20 s");
    counts.accepted++;
    return undefined;
  } catch (error) {
    counts.refused++;
    return error;
  } finally {
    clearTimeout(timer);
  }
}

for (const [name, call] of callables) {
  for (const [value, make] of hostileValues({ "the model": model, "the dataset": dataset })) {
    for (const many of [1, 2, 3]) {
      const given = make();
      const error = await failureOf(async () => call(Array(many).fill(given)));
      if (error === undefined || error === planned || error instanceof TorchnerError) continue;
      // A revoked proxy and a class that is called throw for themselves.
      if (/proxy|^class$/.test(value) && error instanceof TypeError) continue;
      console.log(`${name} of ${many} x ${value}: ${error?.name} ${error?.message ?? String(error)}`);
    }
  }
}
console.log(JSON.stringify(counts));
