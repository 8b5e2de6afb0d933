/** A hub, an empty cache and an environment that names both, made anew for each test of a file. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitHash, sha256, TestHub } from "../../support/hub_server.ts";

export interface HubFixture {
  root: string;
  hub: TestHub;
  /** What `log` was given. */
  lines: string[];
  log(line: string): void;
  /** Below the cache. */
  cached(...path: string[]): string;
}

/** Registers set-up and clean-up; the fixture's fields are valid inside tests. */
export function useHub(): HubFixture {
  const fixture: HubFixture = {
    root: "",
    hub: undefined as unknown as TestHub,
    lines: [],
    log: (line) => void fixture.lines.push(line),
    cached: (...path) => join(fixture.root, "home", "hub", ...path),
  };
  const saved = { ...process.env };
  beforeEach(async () => {
    fixture.root = realpathSync(mkdtempSync(join(tmpdir(), "torchner-hub-")));
    fixture.hub = await TestHub.start();
    fixture.lines = [];
    for (const name of Object.keys(process.env))
      if (/^(HF_|HUGGING|TRANSFORMERS_OFFLINE)/.test(name)) delete process.env[name];
    process.env.HF_HOME = join(fixture.root, "home");
    process.env.HF_ENDPOINT = fixture.hub.url;
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = "0.3";
  });
  afterEach(async () => {
    await fixture.hub.close();
    process.env = { ...saved };
    rmSync(fixture.root, { recursive: true });
  });
  return fixture;
}

/** What is wrong in a cache: contents that are not what their names say, links to nothing, temporary files. */
export function faultsOfCache(cache: string): string[] {
  const entries = readdirSync(cache, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (/\.(tmp|incomplete)$/.test(entry.name)) return [`${path} is left over`];
    if (entry.isSymbolicLink() && !readable(path)) return [`${path} leads nowhere`];
    if (!entry.isFile() || !entry.parentPath.endsWith("blobs")) return [];
    const content = readFileSync(path);
    return [sha256(content), gitHash(content)].includes(entry.name) ? [] : [`${path} has another content`];
  });
}

function readable(path: string): boolean {
  try {
    readFileSync(path);
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Everything that a user could see of an error. */
export function wholeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const fields = JSON.stringify(error, Object.getOwnPropertyNames(error));
  return `${error.message}\n${error.stack}\n${fields}\n${error.cause ? wholeText(error.cause) : ""}`;
}

/** What a promise is rejected with; fails where it is not. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { code?: string }> {
  const outcome = await work.then(
    () => undefined,
    (error: Error) => error,
  );
  if (outcome) return outcome;
  throw new Error("it was expected to fail");
}
