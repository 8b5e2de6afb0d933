import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { resolveModel } from "../../../lib/hub/resolve.ts";
import { firstCommit, gitHash, knownToken, sha256 } from "../../support/hub_server.ts";
import { failureOf, faultsOfCache, useHub, wholeText } from "./hub_fixture.ts";

const fixture = useHub();
const weights = "w".repeat(5000);
const files = {
  "config.json": '{"model_type":"bert"}',
  "tokenizer.json": "{}",
  "vocab.txt": "[PAD]\n",
  "model.safetensors": weights,
  "pytorch_model.bin": "p".repeat(5000),
  "onnx/model.onnx": "o",
  "training_args.bin": "t",
};
const open = (id: string, options = {}) => resolveModel(id, { log: fixture.log, ...options });
const setVariable = (name: string, value: string) => {
  process.env[name] = value;
};
const paths = () => fixture.hub.requests.map(({ path }) => path);

describe("the cache", () => {
  test("gets Python's layout: blobs by hash, relative links, the branch's commit", async () => {
    fixture.hub.add("org/name", files);
    const folder = await open("org/name");
    expect(folder).toBe(fixture.cached("models--org--name", "snapshots", firstCommit));
    expect(readFileSync(fixture.cached("models--org--name", "refs", "main"), "utf8")).toBe(firstCommit);
    expect(readlinkSync(join(folder, "model.safetensors"))).toBe(
      `../../blobs/${sha256(Buffer.from(weights))}`,
    );
    expect(readlinkSync(join(folder, "config.json"))).toBe(
      `../../blobs/${gitHash(Buffer.from(files["config.json"]))}`,
    );
    expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe(weights);
    expect(faultsOfCache(fixture.cached())).toEqual([]);
  });

  test("gets only what a token classifier is read from", async () => {
    fixture.hub.add("org/name", files);
    expect(readdirSync(await open("org/name")).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "vocab.txt",
    ]);
  });

  test("serves the second time without a download", async () => {
    fixture.hub.add("org/name", files);
    const first = await open("org/name");
    fixture.hub.requests.length = 0;
    await expect(open("org/name")).resolves.toBe(first);
    expect(paths()).toEqual([
      "/api/models/org/name/revision/main",
      `/api/models/org/name/tree/${firstCommit}`,
    ]);
  });

  test("serves a commit that it has without asking", async () => {
    fixture.hub.add("org/name", files);
    const first = await open("org/name");
    fixture.hub.requests.length = 0;
    await expect(open(`org/name@${firstCommit}`)).resolves.toBe(first);
    expect(paths()).toEqual([]);
  });

  test("keeps contents that did not change from one commit to the next", async () => {
    const repo = fixture.hub.add("org/name", files);
    await open("org/name");
    const next = "b".repeat(40);
    repo.revisions.main = next;
    repo.files["config.json"] = { content: Buffer.from('{"model_type":"distilbert"}'), lfs: false };
    fixture.hub.requests.length = 0;
    const folder = await open("org/name");
    expect(folder).toBe(fixture.cached("models--org--name", "snapshots", next));
    expect(readFileSync(join(folder, "config.json"), "utf8")).toContain("distilbert");
    expect(new Set(paths().filter((path) => path.includes("/resolve/")))).toEqual(
      new Set([`/org/name/resolve/${next}/config.json`]),
    );
  });

  test("replaces a blob of another size than the hub's", async () => {
    fixture.hub.add("org/name", files);
    const blob = fixture.cached("models--org--name", "blobs", sha256(Buffer.from(weights)));
    mkdirSync(join(blob, ".."), { recursive: true });
    writeFileSync(blob, "half of");
    const folder = await open("org/name");
    expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe(weights);
  });

  test("is whole for each of two that open a model at once", async () => {
    fixture.hub.add("org/name", files);
    const folders = await Promise.all([open("org/name"), open("org/name")]);
    expect(new Set(folders).size).toBe(1);
    expect(faultsOfCache(fixture.cached())).toEqual([]);
    expect(readFileSync(join(folders[0], "model.safetensors"), "utf8")).toBe(weights);
  });
});

describe("a revision", () => {
  test("may be a branch with a slash, kept under its own name", async () => {
    const other = "c".repeat(40);
    fixture.hub.add("org/name", files, { revisions: { main: firstCommit, "refs/pr/1": other } });
    const folder = await open("org/name@refs/pr/1");
    expect(folder).toBe(fixture.cached("models--org--name", "snapshots", other));
    expect(readFileSync(fixture.cached("models--org--name", "refs", "refs", "pr", "1"), "utf8")).toBe(other);
  });

  test("that is not there is named with the remedy", async () => {
    fixture.hub.add("org/name", files);
    await expect(open("org/name@v9")).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringMatching(/revision\/v9 .* no such revision; give a branch, a tag or a commit/),
    });
  });
});

describe("weights", () => {
  test("in several files all come, as the index names them", async () => {
    const map = { weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } };
    fixture.hub.add("org/name", {
      "config.json": "{}",
      "model.safetensors.index.json": JSON.stringify(map),
      "model-1.safetensors": "1".repeat(200),
      "model-2.safetensors": "2".repeat(200),
      "model-3.safetensors": "3".repeat(200),
    });
    expect(readdirSync(await open("org/name")).sort()).toEqual([
      "config.json",
      "model-1.safetensors",
      "model-2.safetensors",
      "model.safetensors.index.json",
    ]);
  });

  test.each([
    "../../outside",
    "/etc/passwd",
    "a\\b",
  ])("of an index that names %s are refused", async (name) => {
    fixture.hub.add("org/name", {
      "config.json": "{}",
      "pytorch_model.bin.index.json": JSON.stringify({ weight_map: { a: name } }),
    });
    await expect(open("org/name")).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringContaining("is not a path inside its own folder"),
    });
    expect(existsSync(fixture.cached("models--org--name", "refs"))).toBe(false);
  });

  test("that an index names and the repository lacks are named", async () => {
    fixture.hub.add("org/name", {
      "config.json": "{}",
      "model.safetensors.index.json": '{"weight_map":{"a":"gone.safetensors"}}',
    });
    await expect(open("org/name")).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringContaining("names gone.safetensors, which is not in the repository"),
    });
  });

  test("as a pickle come where there is nothing better", async () => {
    fixture.hub.add("org/name", { "config.json": "{}", "pytorch_model.bin": weights });
    expect(existsSync(join(await open("org/name"), "pytorch_model.bin"))).toBe(true);
  });

  test("of other kinds alone are named in a line", async () => {
    fixture.hub.add("org/name", { "config.json": "{}", "tf_model.h5": weights });
    await open("org/name");
    expect(fixture.lines).toEqual([
      expect.stringMatching(/has no weights that torchner reads .*, but tf_model\.h5/),
    ]);
  });

  test("are left out for a tokenizer, and come later for the model", async () => {
    fixture.hub.add("org/name", files);
    const folder = await open("org/name", { weights: false });
    expect(existsSync(join(folder, "model.safetensors"))).toBe(false);
    await open("org/name");
    expect(existsSync(join(folder, "model.safetensors"))).toBe(true);
  });

  test("over 5 MB are announced with their size", async () => {
    fixture.hub.add("org/name", { "config.json": "{}", "model.safetensors": Buffer.alloc(6_400_000) });
    await open("org/name");
    expect(fixture.lines).toEqual(["downloading model.safetensors (6 MB) of org/name"]);
  });
});

describe("offline", () => {
  test.each([
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
  ])("by %s the cache serves without a request", async (name) => {
    fixture.hub.add("org/name", files);
    const folder = await open("org/name");
    fixture.hub.requests.length = 0;
    process.env[name] = "1";
    await expect(open("org/name")).resolves.toBe(folder);
    expect(paths()).toEqual([]);
    expect(fixture.lines).toEqual([]);
  });

  test("what is not cached is refused with both ways out", async () => {
    process.env.HF_HUB_OFFLINE = "true";
    await expect(open("org/name")).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringMatching(
        /org\/name is neither a folder nor in .*home\/hub.*HF_HUB_OFFLINE.*unset them, or give a folder/,
      ),
    });
    expect(paths()).toEqual([]);
  });

  test("a snapshot without the weights is not taken for the model", async () => {
    fixture.hub.add("org/name", files);
    await open("org/name", { weights: false });
    process.env.HF_HUB_OFFLINE = "1";
    await expect(open("org/name", { weights: false })).resolves.toContain("snapshots");
    await expect(open("org/name")).rejects.toMatchObject({
      message: expect.stringContaining("the weights file of org/name is not in"),
    });
  });

  test("a snapshot with only some shards is not taken for the model", async () => {
    fixture.hub.add("org/name", {
      "config.json": "{}",
      "model.safetensors.index.json": '{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}',
      "m-1.safetensors": "1",
      "m-2.safetensors": "2",
    });
    rmSync(join(await open("org/name"), "m-2.safetensors"));
    process.env.HF_HUB_OFFLINE = "1";
    await expect(open("org/name")).rejects.toMatchObject({
      message: expect.stringContaining("m-2.safetensors of org/name is not in"),
    });
  });
});

describe("a hub that cannot be asked", () => {
  test("is replaced by the cached snapshot, and a line says why", async () => {
    fixture.hub.add("org/name", files);
    const folder = await open("org/name");
    process.env.HF_ENDPOINT = "http://127.0.0.1:1";
    await expect(open("org/name")).resolves.toBe(folder);
    expect(fixture.lines.at(-1)).toMatch(
      /revision\/main: http:\/\/127\.0\.0\.1:1 cannot be reached .*Going on with the cached .*snapshots/,
    );
  });

  test("without a cached snapshot is an error with the remedies", async () => {
    process.env.HF_ENDPOINT = "http://127.0.0.1:1";
    await expect(open("org/name")).rejects.toMatchObject({
      code: "EENV",
      message: expect.stringMatching(/cannot be reached .*check the network and HF_ENDPOINT/),
    });
  });

  test("because the right to it was lost gives way to the cache, too", async () => {
    const repo = fixture.hub.add("org/name", files);
    const folder = await open("org/name");
    repo.private = true;
    await expect(open("org/name")).resolves.toBe(folder);
    expect(fixture.lines.at(-1)).toMatch(/answered with 401.*Going on with the cached/);
  });

  test("does not hide that a file is broken for good", async () => {
    const repo = fixture.hub.add("org/name", files);
    await open("org/name");
    repo.revisions.main = "b".repeat(40);
    repo.files["config.json"] = { content: Buffer.from('{"a":1}'), lfs: false };
    // After info and listing, so that it hits the changed file alone.
    fixture.hub.fault = { kind: "wrong bytes", from: fixture.hub.requests.length + 2, times: Infinity };
    await expect(open("org/name")).rejects.toMatchObject({
      code: "EIO",
      message: expect.stringMatching(
        /resolve\/b+\/config\.json came with the git SHA-1 .* instead of .* deleted/,
      ),
    });
    expect(faultsOfCache(fixture.cached())).toEqual([]);
  });
});

describe("a refusal", () => {
  test("of a repository that is not there names it and what to check", async () => {
    await expect(open("org/nmae")).rejects.toMatchObject({
      code: "EENV",
      message: expect.stringMatching(
        /org\/nmae.* answered with 401 .*does not exist or is not open.*set HF_TOKEN/,
      ),
    });
    process.env.HF_TOKEN = knownToken;
    await expect(open("org/nmae")).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringMatching(
        /org\/nmae.* answered with 404 .*no such repository at http.*check its name/,
      ),
    });
  });

  test("of a gated repository says where access is granted, and the token opens it", async () => {
    fixture.hub.add("org/name", files, { gated: true });
    await expect(open("org/name")).rejects.toMatchObject({
      code: "EENV",
      message: expect.stringMatching(/answered with 401.*access has to be granted.*set HF_TOKEN or run/),
    });
    process.env.HF_TOKEN = knownToken;
    await expect(open("org/name")).resolves.toContain("snapshots");
  });

  test.each([
    ["a path that climbs", { path: "../../config.json" }],
    ["an absolute path", { path: "/config.json" }],
    ["a UNC path", { path: "\\\\server\\config.json" }],
    ["a hash that is a path", { oid: "../../../config.json" }],
    ["no hash", { oid: undefined }],
    ["no size", { size: undefined }],
    ["a negative size", { size: -1 }],
  ])("of a listing with %s leaves nothing behind", async (_, forged) => {
    fixture.hub.add("org/name", files);
    fixture.hub.forgedListing = [
      { type: "file", path: "config.json", size: 2, oid: "0".repeat(40), ...forged },
    ];
    expect(["ECHECKPOINT", "EIO"]).toContain((await failureOf(open("org/name"))).code);
    expect(existsSync(fixture.cached())).toBe(false);
  });
});

describe("the token", () => {
  test("goes to the hub and to no other host", async () => {
    fixture.hub.add("org/name", files, { private: true });
    fixture.hub.pageSize = 2;
    process.env.HF_TOKEN = knownToken;
    await open("org/name");
    const { requests } = fixture.hub;
    for (const { host, authorization } of requests)
      expect(authorization).toBe(host === "hub" ? `Bearer ${knownToken}` : undefined);
    expect(requests.filter(({ host }) => host === "storage")).not.toHaveLength(0);
  });

  test("does not follow a listing to another host", async () => {
    fixture.hub.add("org/name", files);
    Object.assign(fixture.hub, { pageSize: 2, pagesElsewhere: true });
    process.env.HF_TOKEN = knownToken;
    await open("org/name");
    const pages = fixture.hub.requests.filter(
      ({ path, host }) => host === "storage" && path.includes("/tree/"),
    );
    expect(pages.length).toBeGreaterThan(0);
    expect(pages.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  const write = (path: string, text: string) => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  };
  test.each([
    ["HF_TOKEN", () => setVariable("HF_TOKEN", ` ${knownToken}\n`)],
    ["its old name", () => setVariable("HUGGING_FACE_HUB_TOKEN", knownToken)],
    ["the file in HF_HOME", () => write(join(fixture.root, "home", "token"), `${knownToken}\n`)],
    [
      "the file that HF_TOKEN_PATH names",
      () => {
        write(join(fixture.root, "mine"), knownToken);
        setVariable("HF_TOKEN_PATH", join(fixture.root, "mine"));
      },
    ],
  ])("is taken from %s", async (_, set) => {
    fixture.hub.add("org/name", files, { private: true });
    set();
    await expect(open("org/name")).resolves.toContain("snapshots");
  });

  test("is in no message, though the hub repeats it in its own", async () => {
    fixture.hub.add("org/name", files, { gated: true });
    const other = "hf_AnotherPlantedSecret";
    process.env.HF_TOKEN = other;
    const failure = await failureOf(open("org/name"));
    expect(failure.message).toContain('answered with 401 ("no access with Bearer [token]")');
    for (const secret of [other, knownToken]) {
      expect(wholeText(failure)).not.toContain(secret);
      expect(fixture.lines.join("\n")).not.toContain(secret);
    }
  });
});

test("a file that the hub keeps in its own storage protocol is read by plain HTTP", async () => {
  const repo = fixture.hub.add("org/name", files);
  repo.files["model.safetensors"]!.xet = true;
  const folder = await open("org/name");
  expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe(weights);
  expect(paths().some((path) => path.startsWith("/xet/"))).toBe(false);
});

test("empty files and names with special characters are downloaded as they are", async () => {
  const shard = "50 % #1?.safetensors";
  fixture.hub.add("org/name", {
    "config.json": "{}",
    "tokenizer.json": "",
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: shard } }),
    [shard]: "shard",
  });
  const folder = await open("org/name");
  expect(readFileSync(join(folder, shard), "utf8")).toBe("shard");
  expect(readFileSync(join(folder, "tokenizer.json"), "utf8")).toBe("");
});

test("what a killed download left is removed by the next, but not another's that is at work", async () => {
  fixture.hub.add("org/name", files);
  const blobs = fixture.cached("models--org--name", "blobs");
  mkdirSync(blobs, { recursive: true });
  const [old, fresh] = ["00000000", "11111111"].map((name) => join(blobs, `x.torchner-${name}.incomplete`));
  for (const path of [old, fresh]) writeFileSync(path as string, "half");
  utimesSync(old as string, 0, 0);
  await open("org/name");
  expect(existsSync(old as string)).toBe(false);
  expect(existsSync(fresh as string)).toBe(true);
});

test("a broken index in the cache is downloaded again", async () => {
  const index = '{"weight_map":{"a":"m-1.safetensors"}}';
  fixture.hub.add("org/name", {
    "config.json": "{}",
    "model.safetensors.index.json": index,
    "m-1.safetensors": "1",
  });
  const path = join(await open("org/name"), "model.safetensors.index.json");
  writeFileSync(path, index.slice(0, 10));
  await open("org/name");
  expect(readFileSync(path, "utf8")).toBe(index);
});

test("a file that is longer than the hub announced is refused", async () => {
  fixture.hub.add("org/name", files);
  const content = Buffer.from("{}");
  fixture.hub.forgedListing = [{ type: "file", path: "config.json", size: 2, oid: gitHash(content) }];
  await expect(open("org/name")).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringContaining("config.json came with more than 2 bytes instead of"),
  });
  expect(faultsOfCache(fixture.cached())).toEqual([]);
});
