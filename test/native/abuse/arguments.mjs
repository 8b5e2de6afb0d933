/**
 * Everything that the addon exports, found by reflection, called in every wrong way, or in one of EVERY: `node
 * arguments.mjs FILE EVERY`. Prints a line for each call whose outcome is no refusal, and at the end how many were made;
 * FILE has the call that was under way.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { hostileValues, inTurns, planned } from "./hostile_values.mjs";
import { hooks, require, TorchnerError, vocab, works, world } from "./world.mjs";

const [log, every] = process.argv.slice(2);
const some = inTurns(Number(every));
const journal = openSync(log, "w");
const counts = { calls: 0, refused: 0, accepted: 0 };

const late = {};
/** The error of a call, or undefined. Where one never settles, those that wait behind it would not either: the end. */
async function failureOf(name, call) {
  writeSync(journal, name.padEnd(200).slice(0, 200), 0);
  counts.calls++;
  let timer;
  const deadline = new Promise((resolve) => {
    timer = setTimeout(() => resolve(late), 20_000);
  });
  try {
    const result = await Promise.race([call(), deadline]);
    if (result === late) {
      say(name, new Error("has not ended after 20 s"));
      process.exit(1);
    }
    for (const handle of [result, ...Object.values(Object(result))])
      if (typeof handle?.dispose === "function" && !kept.has(handle)) handle.dispose();
    counts.accepted++;
    return undefined;
  } catch (error) {
    counts.refused++;
    return error;
  } finally {
    clearTimeout(timer);
  }
}

const say = (name, error) =>
  console.log(`${name}: ${error?.code ?? error?.name ?? "ended"} ${error?.message ?? error}`);

const refusal = /^E(ARG|STATE|CHECKPOINT|IO|DATA|OOM)$/;
/** Wrong arguments: nothing, or an error of ours, or the caller's own. */
async function refuses(name, call, mayBe = () => false) {
  const error = await failureOf(name, call);
  const isOurs = error instanceof TorchnerError && refusal.test(error.code) && error.message.length > 0;
  if (error !== undefined && error !== planned && !isOurs && !mayBe(error)) say(name, error);
}
const isTypeError = (error) => error instanceof TypeError;

// Before init, in the same way as a program that forgets it.
const bare = require();
const names = Object.keys(bare).filter((name) => name !== "shutdown");
const kept = new Set();
for (const name of names)
  for (const [value, make] of some(hostileValues()))
    await failureOf(`${name}(${value}) before init`, async () => bare[name](make()));

const here = await world({ size: 16, layers: 1 });
const { addon, batch, model, optimizer, tokenizer, loss, logits } = here;
const handles = { Tensor: logits, Model: model, AdamW: optimizer, Tokenizer: tokenizer };
for (const handle of [loss, ...Object.values(handles)]) kept.add(handle);

const classes = names.filter((name) => addon[name].prototype?.constructor === addon[name] && name in handles);
const functions = names.filter((name) => !classes.includes(name));
const methodsOf = (name) =>
  Object.getOwnPropertyNames(addon[name].prototype).filter(
    (key) => key !== "constructor" && key !== "disposed",
  );

/** Right arguments, of which one or a part of one is replaced; a new export is called with wrong ones alone. */
const right = {
  init: [hooks],
  loadModel: [here.spec],
  loadTokenizer: [here.json],
  loadWordPiece: [
    vocab,
    { lowercase: true, stripAccents: true, tokenizeChineseChars: true, unkToken: "[UNK]" },
  ],
  setNumThreads: [1],
  manualSeed: [1],
  randperm: [5],
  setRngState: [await addon.getRngState()],
  "Model.forward": [
    batch,
    {
      ...{ training: true, grad: true, numerics: "fast", layout: "packed", bf16: false },
      ...{ labelSmoothing: 0.1, gradientCheckpointing: false },
    },
  ],
  "Model.parameter": [model.parameterNames()[0]],
  "Model.gradient": [model.parameterNames()[0]],
  "Model.save": [here.path("x")],
  "Model.loadWeights": [[here.path("weights")]],
  "Model.packForInference": ["none"],
  "AdamW.step": [1e-4, { numerics: "fast" }],
  "AdamW.clipGradNorm": [1, { numerics: "fast" }],
  "AdamW.save": [here.path("y")],
  "AdamW.load": [here.path("moments")],
  "Tensor.argmax": [1],
  "Tensor.softmax": [1],
  "Tensor.add": [logits],
  "Tensor.mul": [2],
  "Tensor.div": [2],
  "Tensor.crossEntropy": [batch.labels, { weight: new Float32Array(3), ignoreIndex: -100, reduction: "sum" }],
  "Tokenizer.encodeWords": [[["ana"]], { addSpecialTokens: true, maxLength: 8, stride: 2 }],
  "Tokenizer.encodeTexts": [["ana ."], { addSpecialTokens: true, maxLength: 8, stride: 2 }],
  "Tokenizer.decode": [Int32Array.of(5), true],
  "Tokenizer.idToToken": [5],
  "Tokenizer.tokenToId": ["ana"],
};

/** Lists of arguments with one hostile value: alone, in every place, in every part of an object that is right. */
function wrongLists(name, value) {
  const lists = [[value], [value, value], [value, value, value, value]];
  for (const [place, given] of (right[name] ?? []).entries()) {
    lists.push(right[name].with(place, value));
    if (Object.getPrototypeOf(Object(given)) === Object.prototype)
      for (const key of Object.keys(given)) lists.push(right[name].with(place, { ...given, [key]: value }));
    if (name === "loadModel")
      for (const key of Object.keys(given.config))
        lists.push([{ ...given, config: { ...given.config, [key]: value } }]);
  }
  return lists;
}

const gone = (await addon.loadModel(here.spec)).model;
gone.dispose();
const strangers = {
  "longest array": Object.assign([], { length: 2 ** 32 - 1 }),
  ...Object.fromEntries(Object.entries(handles).map(([name, handle]) => [`a ${name}`, handle])),
  ...Object.fromEntries(
    classes.map((name) => [`an object of ${name}'s prototype`, Object.create(addon[name].prototype)]),
  ),
  "a disposed Model": gone,
  "a proxy of a Model": new Proxy(model, {}),
};
const values = hostileValues(strangers);
const isProxy = (value) => value.includes("proxy");

const callables = [
  ...functions.map((name) => [name, (args) => addon[name](...args)]),
  ...classes.map((name) => [`new ${name}`, (args) => new addon[name](...args)]),
  ...classes.flatMap((name) =>
    methodsOf(name)
      .filter((method) => method !== "dispose" && `${name}.${method}` !== "AdamW.zeroGrad")
      .map((method) => [`${name}.${method}`, (args) => handles[name][method](...args)]),
  ),
];
right["new AdamW"] = [model, { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.1 }];

for (const [name, call] of callables) {
  for (const [value, make] of some(values)) {
    for (const [i, args] of wrongLists(name, make()).entries()) {
      // A class or an allocator of the caller's own may do anything but end the process.
      const mayBe = name === "init" || isProxy(value) ? () => true : undefined;
      await refuses(`${name} with ${value} (${i})`, async () => call(args), mayBe);
      if (name === "init") {
        await failureOf(`work after init with ${value}`, () => model.parameter("no such parameter"));
        await failureOf(`an array after init with ${value}`, () => addon.getRngState());
        await failureOf(`a tensor's array after init with ${value}`, () => logits.toTypedArray());
        await failureOf(`encodings after init with ${value}`, () => tokenizer.encodeTexts(["ana"]));
      }
    }
  }
  if (name === "init") addon.init(hooks);
}

// Methods and getters on what they do not belong to; constructors as functions, and under other names.
for (const name of classes) {
  const prototype = addon[name].prototype;
  const wrong = [...values, ["its own prototype", () => prototype]].filter(
    ([value]) => value !== `a ${name}`,
  );
  for (const [value, make] of some(wrong)) {
    for (const key of Object.getOwnPropertyNames(prototype)) {
      if (key === "constructor") continue;
      const { get, value: method } = Object.getOwnPropertyDescriptor(prototype, key);
      await refuses(`${name}.${key} on ${value}`, async () => (get ?? method).call(make()), isTypeError);
    }
    await refuses(`${name} as a function on ${value}`, async () => addon[name].call(make()), isTypeError);
  }
  for (const other of classes) {
    const make = () => Reflect.construct(addon[name], [model], addon[other]);
    await refuses(`${name} made as ${other}`, async () => make(), isTypeError);
    const made = await Promise.resolve()
      .then(make)
      .catch(() => undefined);
    for (const key of made ? methodsOf(other) : [])
      await refuses(
        `${other}.${key} on ${name} made as ${other}`,
        async () => addon[other].prototype[key].call(made),
        isTypeError,
      );
  }
}

// Handles that are disposed while each work is under way, and right after; then each method says so.
for (const [name, begin] of Object.entries(works)) {
  const victim = await world({ size: 16, layers: 1 });
  const running = (await begin(victim))();
  for (const handle of [victim.model, victim.optimizer, victim.tokenizer, victim.loss, victim.logits])
    handle.dispose();
  const error = await failureOf(`${name}, its handles disposed`, () => running);
  if (error !== undefined) say(`${name}, its handles disposed`, error);
}
for (const name of classes) {
  handles[name].dispose();
  handles[name].dispose();
  for (const method of methodsOf(name)) {
    if (method === "dispose") continue;
    const call = `${name}.${method} after dispose`;
    const error = await failureOf(call, async () =>
      handles[name][method](...(right[`${name}.${method}`] ?? [])),
    );
    if (error?.code !== "ESTATE" && error?.code !== "EARG") say(call, error);
  }
  if (handles[name].disposed !== true) say(`${name}.disposed`, "is not true");
}

addon.shutdown();
for (const [name, call] of callables) {
  if (name === "init") continue;
  for (const args of [[], ...(right[name] ? [right[name]] : [])])
    await failureOf(`${name} after shutdown`, async () => call(args));
}
closeSync(journal);
console.log(JSON.stringify(counts));
