import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PushOptions, pushToHub } from "../../../lib/hub/upload.ts";
import { faults, knownToken } from "../../support/hub_server.ts";
import { failureOf, useHub, wholeText } from "./hub_fixture.ts";

const fixture = useHub();
const weights = "w".repeat(3000);
const model = {
  "config.json": '{"model_type":"bert"}',
  "model.safetensors": weights,
  "tokenizer.json": "{}",
  "README.md": "# A model\n",
};
const others = {
  "optimizer.safetensors": "o",
  "training_args.json": '{"output_dir":"/home/somebody"}',
  "trainer_state.json": "{}",
  "predictions.txt": "O\n",
  token: knownToken,
  ".env": `HF_TOKEN=${knownToken}`,
  "checkpoint-7/model.safetensors": "c",
};

beforeEach(() => {
  process.env.HF_TOKEN = knownToken;
});

function folderWith(files: Record<string, string>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(fixture.root, "out", name)), { recursive: true });
    writeFileSync(join(fixture.root, "out", name), content);
  }
  return join(fixture.root, "out");
}

const push = (files: Record<string, string>, options: Partial<PushOptions> = {}) =>
  pushToHub(folderWith(files), { repoId: "org/name", log: fixture.log, ...options });
const served = (name = "org/name") => fixture.hub.repos.get(`models/${name}`);
const contents = (name?: string) =>
  Object.fromEntries(
    Object.entries(served(name)?.files ?? {}).map(([path, { content }]) => [path, content.toString()]),
  );

test("configuration, weights, tokenizer and card go up, and nothing else of the folder", async () => {
  const { url, commit } = await push({ ...model, ...others });
  expect(contents()).toEqual(model);
  expect(url).toBe(`${fixture.hub.url}/org/name`);
  expect(commit).toBe(served()?.revisions.main);
});

test("a repository that is there gets a commit; its other files stay", async () => {
  fixture.hub.add("org/name", { "notes.md": "kept", "config.json": "old" }, { private: true });
  await push(model);
  expect(contents()).toEqual({ "notes.md": "kept", ...model });
  expect(fixture.hub.requests.map(({ path }) => path)).not.toContain("/api/repos/create");
});

test.each([
  [true, true],
  [false, false],
])("a new repository is private if asked for: %s", async (asked, isPrivate) => {
  await push(model, { private: asked });
  expect(served()?.private).toBe(isPrivate);
});

test("a name alone belongs to the token's owner", async () => {
  const { url } = await push(model, { repoId: "name" });
  expect(url).toBe(`${fixture.hub.url}/somebody/name`);
  expect(contents("somebody/name")).toEqual(model);
});

test("another branch is made", async () => {
  const { commit } = await push(model, { revision: "v2" });
  expect(served()?.revisions.v2).toBe(commit);
  expect(served()?.revisions.main).not.toBe(commit);
});

test("what is to be ignored stays here", async () => {
  await push(model, { ignore: ["token*.json", "README.md"] });
  expect(Object.keys(contents()).sort()).toEqual(["config.json", "model.safetensors"]);
});

test("the token goes to the hub and not to the storage", async () => {
  await push(model);
  for (const { host, authorization } of fixture.hub.requests)
    expect(authorization).toBe(host === "hub" ? `Bearer ${knownToken}` : undefined);
  expect(fixture.hub.requests.some(({ host, method }) => host === "storage" && method === "PUT")).toBe(true);
});

test("without a token nothing is asked, and the message says how to get one", async () => {
  delete process.env.HF_TOKEN;
  await expect(push(model)).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringMatching(/needs a token that may write: set HF_TOKEN or run `hf auth login`/),
  });
  expect(fixture.hub.requests).toEqual([]);
});

test("a token without the right to write is told from a wrong name", async () => {
  fixture.hub.add("org/name", {});
  process.env.HF_TOKEN = "hf_MayOnlyRead";
  const failure = await failureOf(push(model));
  expect(failure).toMatchObject({
    code: "EENV",
    message: expect.stringMatching(/preupload\/main was answered with 403.*may write to it/),
  });
  expect(wholeText(failure)).not.toContain("hf_MayOnlyRead");
});

test("offline nothing is uploaded", async () => {
  process.env.HF_HUB_OFFLINE = "1";
  await expect(push(model)).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringContaining("forbids to upload"),
  });
});

test("a file with the token in its text is not published", async () => {
  const failure = await failureOf(push({ ...model, "README.md": `use ${knownToken}` }));
  expect(failure.message).toMatch(/README\.md has the hub's token in its text/);
  expect(wholeText(failure)).not.toContain(knownToken);
  expect(fixture.hub.requests).toEqual([]);
});

test.each([
  ["no configuration", { "model.safetensors": "w" }, {}],
  ["no weights", { "config.json": "{}", "optimizer.safetensors": "o" }, {}],
  ["nothing but what is ignored", model, { ignore: ["*"] }],
])("a folder with %s is refused", async (_, files, options) => {
  await expect(push(files, options)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("give the folder that saveModel wrote"),
  });
});

test.each([
  [{ repoId: "" }, "repoId is"],
  [{ repoId: "../name" }, "is no place on the hub"],
  [{ repoId: "org/name@main" }, "is no place on the hub"],
  [{ revision: "a/../b" }, "is no place on the hub"],
  [{ private: "false" as never }, "private is the text"],
  [{ repoid: "x" } as never, "did you mean repoId"],
])("the options %j are refused", async (options, message) => {
  await expect(push(model, options)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining(message),
  });
});

test("a commit may take longer than a download may be silent", async () => {
  fixture.hub.commitTakes = 600;
  await push(model);
  expect(fixture.hub.commits).toBe(1);
  expect(fixture.lines).toEqual([]);
});

test("a commit that takes too long names the limit that can be raised", async () => {
  process.env.TORCHNER_UPLOAD_TIMEOUT = "0.15";
  fixture.hub.commitTakes = 600;
  fixture.hub.forgedListing = [];
  await expect(push(model)).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringMatching(
      /commit\/main: nothing came from .* in time; .* raise TORCHNER_UPLOAD_TIMEOUT/,
    ),
  });
});

test("a commit is not repeated where it cannot be found out whether it was made", async () => {
  fixture.hub.fault = { kind: "cut-off", from: 5, times: Infinity };
  expect((await failureOf(push(model))).message).toMatch(/^\/api\/models\/org\/name\/commit\/main/);
  expect(fixture.hub.commits).toBe(1);
});

describe.each(faults)("%s", (kind) => {
  /** Info, creation, pre-upload, batch, storage, commit. */
  const positions = [0, 1, 2, 3, 4, 5];
  // Nothing limits the time in which a large file may go up.
  const ofAnswers = kind === "no answer" ? positions.filter((position) => position !== 4) : positions;
  beforeEach(() => {
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = "0.15";
    process.env.TORCHNER_UPLOAD_TIMEOUT = "0.15";
  });

  test.each(ofAnswers)("at request %i, once: all arrives", async (from) => {
    fixture.hub.fault = { kind, from, times: 1 };
    const { commit } = await push(model);
    expect(contents()).toEqual(model);
    expect(served()?.revisions.main).toBe(commit);
    expect(fixture.hub.commits).toBe(1);
  });

  test.each(ofAnswers)("from request %i on: a clear error, and the next push arrives", async (from) => {
    fixture.hub.fault = { kind, from, times: Infinity };
    const failure = await failureOf(push(model));
    expect(["EENV", "EIO"]).toContain(failure.code);
    expect(failure.message).toMatch(/^\/(api|org|upload)\/.*(try again|check )/);
    expect(`${wholeText(failure)}${fixture.lines.join()}`).not.toContain(knownToken);
    fixture.hub.fault = undefined;
    await push(model);
    expect(contents()).toEqual(model);
  });
});
