/** Answers of a hub that were changed on their way: refused, or what comes is byte for byte what the hub has. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../../lib/hub/resolve.ts";
import { knownToken, TestHub } from "../support/hub_server.ts";
import { wholeText } from "../unit/hub/hub_fixture.ts";
import { change } from "./mutations.ts";
import { isFull, randomNumbers, report } from "./tiny_runs.ts";

const files: Record<string, string> = {
  "config.json": '{"model_type": "bert"}',
  "tokenizer.json": '{"version": "1.0"}',
  "model.safetensors": "w".repeat(3000),
};

const random = randomNumbers(5);
const saved = { ...process.env };
let root: string;
let hub: TestHub;
/** Which answer is changed, by its number from 0. */
let changed = -1;
let answers = 0;

const proxy = createServer(async (request, response) => {
  const headers = { ...(request.headers as Record<string, string>), host: new URL(hub.url).host };
  const { method, url } = request;
  const answer = await fetch(`${hub.url}${url}`, { method, headers, redirect: "manual" });
  let body: Buffer = Buffer.from(await answer.arrayBuffer());
  if (answers++ === changed) body = change(body, random);
  const kept = [...answer.headers].filter(
    ([name]) => !/^(content-length|transfer-encoding|connection)$/.test(name),
  );
  response.writeHead(answer.status, Object.fromEntries(kept)).end(method === "HEAD" ? undefined : body);
});

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "torchner-answers-"));
  hub = await TestHub.start();
  hub.add("org/name", files);
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  for (const name of Object.keys(process.env))
    if (/^(HF_|HUGGING|TRANSFORMERS_OFFLINE)/.test(name)) delete process.env[name];
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  process.env.HF_TOKEN = knownToken;
  process.env.HF_HUB_DOWNLOAD_TIMEOUT = "2";
});
afterAll(async () => {
  process.env = saved;
  proxy.closeAllConnections();
  proxy.close();
  await hub.close();
  rmSync(root, { recursive: true });
});

const count = isFull ? 10_000 : 60;
test(`${count} changed answers`, async () => {
  const counts = { refused: 0, whole: 0 };
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const home = join(root, String(i));
    process.env.HF_HOME = home;
    changed = random(6);
    answers = 0;
    const start = performance.now();
    const lines: string[] = [];
    try {
      const folder = await resolveModel("org/name", { log: (line) => void lines.push(line) });
      for (const [name, text] of Object.entries(files)) {
        const path = join(folder, name);
        if (name === "config.json" || existsSync(path))
          expect([i, name, readFileSync(path, "utf8") === text]).toEqual([i, name, true]);
      }
      counts.whole++;
    } catch (error) {
      const { code } = error as { code?: string };
      if (!["EENV", "EIO", "ECHECKPOINT"].includes(code!))
        throw new Error(`change ${i} of answer ${changed}: ${String(error)}`, { cause: error });
      expect(`${wholeText(error)}${lines}`).not.toContain(knownToken);
      counts.refused++;
    }
    longest = Math.max(longest, performance.now() - start);
    rmSync(home, { recursive: true, force: true });
    expect(readdirSync(root)).toEqual([]);
  }
  expect(longest).toBeLessThan(10_000);
  expect(counts.refused).toBeGreaterThan(0);
  report(
    `answers of a hub: ${count} changes, ${counts.refused} refused, ${counts.whole} came whole; ` +
      `${longest.toFixed(0)} ms at most`,
  );
}, 3_600_000);
