/** A run's uploads: a real model, a real Trainer, and a hub on this machine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { Trainer } from "../../lib/training/trainer.ts";
import { knownToken } from "../support/hub_server.ts";
import { failureOf, useHub, wholeText } from "../unit/hub/hub_fixture.ts";
import { collator, sentences, tinyBert } from "./tiny_task.ts";

const fixture = useHub();
beforeEach(() => {
  process.env.HF_TOKEN = knownToken;
});

type Given = ConstructorParameters<typeof TrainingArguments>[0];

/** Four updates, a checkpoint after every second one. */
async function withTrainer<T>(given: Given, use: (trainer: Trainer) => Promise<T>): Promise<T> {
  const model = await tinyBert();
  const args = new TrainingArguments({
    ...{ outputDir: join(fixture.root, "my-model"), maxSteps: 4, saveSteps: 2, disableTqdm: true },
    ...{ pushToHub: true, hubModelId: "org/name", ...given },
  });
  try {
    const trainer = new Trainer({
      ...{ model, args, trainDataset: sentences(16, 1), dataCollator: collator },
      log: fixture.log,
    });
    return await use(trainer);
  } finally {
    model.dispose();
  }
}

const commits = () => fixture.hub.requests.filter(({ path }) => path.includes("/commit/")).length;
const published = (name = "org/name") =>
  Object.keys(fixture.hub.repos.get(`models/${name}`)?.files ?? {}).sort();

test("pushToHub saves the model with its card and uploads both", async () => {
  const { url } = await withTrainer({ hubStrategy: "end" }, async (trainer) => {
    await trainer.train();
    expect(commits()).toBe(0);
    return trainer.pushToHub({ commitMessage: "Done", baseModel: "a-bert" });
  });
  expect(url).toBe(`${fixture.hub.url}/org/name`);
  expect(published()).toEqual(["README.md", "config.json", "model.safetensors"]);
  const card = fixture.hub.repos.get("models/org/name")!.files["README.md"]!.content.toString();
  expect(card).toMatch(/base_model: "?a-bert/);
});

test("saveModel into the output folder uploads too, elsewhere or where told not to it does not", async () => {
  await withTrainer({}, async (trainer) => {
    await trainer.saveModel(join(fixture.root, "elsewhere"));
    await trainer.saveModel(undefined, { push: false });
    expect(commits()).toBe(0);
    await trainer.saveModel();
    expect(commits()).toBe(1);
  });
});

test("every_save uploads each checkpoint's model, and the output folder's name is the default", async () => {
  await withTrainer({ hubModelId: undefined }, (trainer) => trainer.train());
  expect(commits()).toBe(2);
  expect(published("somebody/my-model")).toEqual(["config.json", "model.safetensors"]);
});

test("a hub that fails in mid-run costs an upload, not the run", async () => {
  fixture.hub.fault = { kind: "status 500", from: 0, times: 1000 };
  const { globalStep } = await withTrainer({}, (trainer) => trainer.train());
  expect(globalStep).toBe(4);
  expect(readdirSync(join(fixture.root, "my-model"))).toContain("checkpoint-4");
  expect(fixture.lines.join("\n")).toMatch(/checkpoint-2 was not uploaded: .*the run goes on/);
});

test.each([
  ["without a token", { HF_TOKEN: undefined }, {}, "EENV", /needs an access token/],
  ["offline", { HF_HUB_OFFLINE: "1" }, {}, "EENV", /HF_HUB_OFFLINE is set/],
  ["without a possible name", {}, { hubModelId: undefined, outputDir: "my model" }, "EARG", /hub-model-id/],
  ["with an impossible name", {}, { hubModelId: "org--name/x" }, "EARG", /hubModelId is "org--name\/x"/],
])("%s the run is refused before its first update", async (_, environment, given, code, message) => {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  const failure = await failureOf(
    withTrainer({ outputDir: join(fixture.root, "my-model"), ...given }, (trainer) => trainer.train()),
  );
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(fixture.hub.requests).toEqual([]);
});

test("the token is in no file, note or error", async () => {
  const failure = await withTrainer({}, async (trainer) => {
    await trainer.train();
    fixture.hub.fault = { kind: "status 500", from: 0, times: 1000 };
    return failureOf(trainer.pushToHub());
  });
  const folder = join(fixture.root, "my-model");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  expect(texts.length).toBeGreaterThan(10);
  for (const text of [...texts, ...fixture.lines, wholeText(failure)]) expect(text).not.toContain(knownToken);
});
