/** Every request of a download is spoilt once and for good, in each way that a network knows. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resolveModel } from "../../../lib/hub/resolve.ts";
import { faults, firstCommit, knownToken, sha256 } from "../../support/hub_server.ts";
import { failureOf, faultsOfCache, useHub, wholeText } from "./hub_fixture.ts";

const fixture = useHub();
const files = { "config.json": '{"model_type":"bert"}', "model.safetensors": "w".repeat(3000) };
const hashOfWeights = sha256(Buffer.from(files["model.safetensors"]));
const open = () => resolveModel("org/name", { log: fixture.log });
/** Info and listing, a probe and a download of the small file, the same with a redirect each for the large one. */
const requestCount = 2 + 2 + 4;
const positions = Array.from({ length: requestCount }, (_, index) => index);

beforeEach(() => {
  fixture.hub.add("org/name", files, { private: true });
  process.env.HF_TOKEN = knownToken;
  process.env.HF_HUB_DOWNLOAD_TIMEOUT = "0.15";
});

async function expectWhole(): Promise<void> {
  const folder = await open();
  expect(folder).toBe(fixture.cached("models--org--name", "snapshots", firstCommit));
  for (const [name, content] of Object.entries(files))
    expect(readFileSync(join(folder, name), "utf8")).toBe(content);
  expect(faultsOfCache(fixture.cached())).toEqual([]);
}

test("an undisturbed download makes as many requests as are spoilt below", async () => {
  await expectWhole();
  expect(fixture.hub.requests).toHaveLength(requestCount);
});

test("a file that is cut off for good is an input error that says how far it came", async () => {
  fixture.hub.fault = { kind: "cut-off", from: requestCount - 1, times: Infinity };
  await expect(open()).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringMatching(
      /resolve\/a+\/model\.safetensors broke off after 1500 of 3000 bytes and was deleted/,
    ),
  });
});

test("a file with other bytes for good is an input error with both hashes", async () => {
  fixture.hub.fault = { kind: "wrong bytes", from: requestCount - 1, times: Infinity };
  await expect(open()).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringMatching(
      new RegExp(
        `model\\.safetensors came with the SHA-256 [0-9a-f]{64} instead of ${hashOfWeights} and was deleted`,
      ),
    ),
  });
});

describe.each(faults)("%s", (kind) => {
  test.each(positions)("at request %i, once: the model is whole all the same", async (from) => {
    fixture.hub.fault = { kind, from, times: 1 };
    await expectWhole();
    // A probe for one byte may come with a wrong one: nothing of it is used.
    if (fixture.hub.requests.length > requestCount)
      expect(fixture.lines).toEqual([expect.stringContaining("; trying once more")]);
    else expect(kind).toMatch(/wrong bytes|cut-off/);
  });

  test.each(positions)("from request %i on: a clear error, and nothing broken stays", async (from) => {
    fixture.hub.fault = { kind, from, times: Infinity };
    const failure = await failureOf(open());
    expect(["EENV", "EIO"]).toContain(failure.code);
    expect(failure.message).toMatch(
      /no folder here, and from the hub: \/(api\/models\/)?org\/name\/.*(try again|check )/,
    );
    expect(`${wholeText(failure)}${fixture.lines.join()}`).not.toContain(knownToken);
    expect(existsSync(fixture.cached("models--org--name", "refs"))).toBe(false);
    if (existsSync(fixture.cached())) expect(faultsOfCache(fixture.cached())).toEqual([]);

    fixture.hub.fault = undefined;
    await expectWhole();
  });

  test("at every request, with a cached snapshot: that one serves, unless a file came broken", async () => {
    await expectWhole();
    fixture.hub.fault = { kind, from: fixture.hub.requests.length, times: Infinity };
    if (kind === "wrong bytes") await expect(open()).rejects.toMatchObject({ code: "EIO" });
    else await expectWhole();
    rmSync(fixture.cached(), { recursive: true });
  });
});
