import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import {
  hubEndpoint,
  hubTimeout,
  hubToken,
  huggingFaceCache,
  isOffline,
  redact,
} from "../../../lib/hub/settings.ts";
import { failureOf, wholeText } from "./hub_fixture.ts";

const saved = { ...process.env };
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "torchner-settings-"));
  for (const name of Object.keys(process.env))
    if (/^(HF_|HUGGING|XDG_CACHE|TRANSFORMERS_OFFLINE)/.test(name)) delete process.env[name];
  process.env.HOME = home;
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(home, { recursive: true });
});

test.each([
  [{}, "~/.cache/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/cache" }, "/cache/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/cache", HF_HOME: "/hf" }, "/hf/hub"],
  [{ HF_HOME: "~/hf" }, "~/hf/hub"],
  [{ HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
  [{ HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/new" }, "/new"],
])("with %j the cache is %s", (variables, expected) => {
  Object.assign(process.env, variables);
  expect(huggingFaceCache()).toBe(expected.replace(/^~/, home));
  expect(home).not.toBe(homedir());
});

test.each([
  ["1", true],
  ["on", true],
  ["Yes", true],
  ["TRUE", true],
  ["0", false],
  ["", false],
  ["no", false],
])("HF_HUB_OFFLINE=%s means %s, as in Python", (value, expected) => {
  process.env.HF_HUB_OFFLINE = value;
  expect(isOffline()).toBe(expected);
});

test("the endpoint is Hugging Face's unless HF_ENDPOINT names another, with or without a slash", () => {
  expect(new URL(hubEndpoint()).protocol).toBe("https:");
  process.env.HF_ENDPOINT = "https://hub.example/mirror//";
  expect(hubEndpoint()).toBe("https://hub.example/mirror");
});

test.each(["hub.example", "ftp://hub.example", "file:///tmp"])("HF_ENDPOINT=%s is refused", async (value) => {
  process.env.HF_ENDPOINT = value;
  const failure = await failureOf(Promise.resolve().then(hubEndpoint));
  expect(failure.message).toContain("set it like https://hub.example");
});

test("an endpoint with a password is refused without repeating it", async () => {
  process.env.HF_ENDPOINT = "https://somebody:s3cret@hub.example";
  const failure = await failureOf(Promise.resolve().then(hubEndpoint));
  expect(failure.message).toContain("give a token in HF_TOKEN");
  expect(wholeText(failure)).not.toContain("s3cret");
});

test("a token that no header can carry is refused without repeating it", async () => {
  process.env.HF_TOKEN = "hf_first\nhf_second";
  const failure = await failureOf(Promise.resolve().then(hubToken));
  expect(failure).toMatchObject({ code: "EENV", message: expect.stringContaining("copy it again") });
  expect(wholeText(failure)).not.toMatch(/hf_first|hf_second/);
});

test.each([
  ["2.5", 2.5],
  ["0", 10],
  ["soon", 10],
  [undefined, 10],
])("a time limit of %s is %d seconds", (value, expected) => {
  if (value !== undefined) process.env.HF_HUB_DOWNLOAD_TIMEOUT = value;
  expect(hubTimeout()).toBe(expected);
});

test("text from outside loses tokens, control characters and length", () => {
  process.env.HF_TOKEN = "unusual.token";
  const text = redact(`a unusual.token b hf_abcdefgh c Bearer xyz d\u001b[2J\ne ${"f".repeat(400)}`);
  expect(text).toMatch(/^a \[token\] b \[token\] c Bearer \[token\] d \[2J e f+$/);
  expect(text.length).toBeLessThanOrEqual(300);
});
