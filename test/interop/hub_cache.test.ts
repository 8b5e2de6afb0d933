/** One cache for both sides: what one downloads the other opens, and neither asks for it again. */
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../../lib/hub/resolve.ts";
import { firstCommit, knownToken, TestHub } from "../support/hub_server.ts";
import { runPython } from "./python_process.ts";

/** What `hub_cache.py` answers. */
interface Opened {
  folder: string;
  modelType: string;
  /** Links of the snapshot to what they hold. */
  links: Record<string, string>;
}

const files = {
  "config.json": JSON.stringify({ model_type: "bert", hidden_size: 8, padding: "x".repeat(200) }),
  "model.safetensors": "w".repeat(3000),
  "vocab.txt": "[PAD]\n",
};
const saved = { ...process.env };
let root: string;
let hub: TestHub;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "torchner-interop-hub-"));
  hub = await TestHub.start();
  hub.add("org/name", files, { private: true });
  Object.assign(process.env, { HF_HOME: join(root, "home"), HF_ENDPOINT: hub.url, HF_TOKEN: knownToken });
  delete process.env.HF_HUB_OFFLINE;
});
afterEach(async () => {
  await hub.close();
  process.env = { ...saved };
  rmSync(root, { recursive: true });
});

const log = () => {};

test("Python opens offline what was downloaded here", async () => {
  const folder = await resolveModel("org/name", { log });
  const opened = await runPython<Opened>("hub_cache.py", { id: "org/name", download: false });
  expect(opened.folder).toBe(folder);
  expect(opened.modelType).toBe("bert");
});

test("what Python downloaded is used without a download, under the same names", async () => {
  const theirs = await runPython<Opened>("hub_cache.py", { id: "org/name", download: true });
  hub.requests.length = 0;
  await expect(resolveModel("org/name", { log })).resolves.toBe(theirs.folder);
  expect(hub.requests.filter(({ path }) => path.includes("/resolve/"))).toEqual([]);
  expect(theirs.folder.endsWith(firstCommit)).toBe(true);

  process.env.HF_HOME = join(root, "ours");
  const folder = await resolveModel("org/name", { log });
  const ours = Object.keys(files).map((name) => [name, readlinkSync(join(folder, name))]);
  expect(Object.fromEntries(ours)).toEqual(theirs.links);
});
