import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { layDown, withScratch } from "../../../third_party/lay_down.mjs";
import { withLock } from "../../../third_party/lock.mjs";
import { buildFolder, cacheFolder } from "../../../third_party/paths.mjs";
import { fingerprint } from "../../../third_party/stamps.mjs";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();

/** Id of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

describe("the cache folder", () => {
  test.each([
    [{ TORCHNER_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" }, "/a"],
    [{ XDG_CACHE_HOME: "/b", HOME: "/c" }, "/b/torchner"],
    [{ HOME: "/c" }, "/c/.cache/torchner"],
  ])("of %j is %s", (environment, expected) => {
    process.env = { ...environment };
    expect(cacheFolder()).toBe(expected);
  });
});

describe("a folder laid down", () => {
  const fill = (text: string) => async (target: string) => writeFileSync(join(target, "file"), text);

  test("is there whole or not at all", async () => {
    const target = join(folder(), "deep", "target");
    const failing = layDown(target, async (content) => {
      await fill("half")(content);
      throw new Error("cut off");
    });
    await expect(failing).rejects.toThrow("cut off");
    expect(readdirSync(join(folder(), "deep"))).toEqual([]);
    await layDown(target, fill("whole"));
    expect(readFileSync(join(target, "file"), "utf8")).toBe("whole");
  });

  test("is not filled again", async () => {
    const target = join(folder(), "target");
    await layDown(target, fill("first"));
    await layDown(target, () => Promise.reject(new Error("filled again")));
    expect(readFileSync(join(target, "file"), "utf8")).toBe("first");
  });

  test("comes from one of two that race for it", async () => {
    const target = join(folder(), "target");
    const slow = layDown(target, async (content) => {
      await sleep(50);
      await fill("slow")(content);
    });
    await Promise.all([slow, layDown(target, fill("quick"))]);
    expect(readFileSync(join(target, "file"), "utf8")).toBe("quick");
    expect(readdirSync(folder())).toEqual(["target"]);
  });
});

test("scratch folders of killed processes are removed, those of living ones are not", async () => {
  mkdirSync(join(folder(), `.scratch.${endedProcess()}.abc`));
  mkdirSync(join(folder(), `.scratch.${process.pid}.abc`));
  await withScratch(folder(), async () => {});
  expect(readdirSync(folder())).toEqual([`.scratch.${process.pid}.abc`]);
});

describe("a fingerprint", () => {
  test("follows content and names, not times", () => {
    const relative = join("build", `fingerprint-test-${process.pid}`);
    const path = join(buildFolder, "..", relative);
    mkdirSync(path, { recursive: true });
    try {
      writeFileSync(join(path, "a"), "1");
      const first = fingerprint([relative]);
      utimesSync(join(path, "a"), 1, 1);
      expect(fingerprint([relative])).toBe(first);
      writeFileSync(join(path, "a"), "2");
      const second = fingerprint([relative]);
      writeFileSync(join(path, "b"), "");
      expect(new Set([first, second, fingerprint([relative]), fingerprint([relative], ["word"])]).size).toBe(
        4,
      );
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});

describe("the lock", () => {
  test("lets one work at a time, says so, and is gone afterwards", async () => {
    const lines: string[] = [];
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await sleep(20);
      events.push(`${name} ends`);
    };
    const log = (line: string) => void lines.push(line);
    await Promise.all([withLock(log, work("a"), folder()), withLock(log, work("b"), folder())]);
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    expect(lines).toEqual(["another setup is at work in this folder; waiting for it"]);
    expect(readdirSync(folder())).toEqual([]);
  });

  test("of a process that was killed is taken over", async () => {
    writeFileSync(join(folder(), "setup.lock"), String(endedProcess()));
    await expect(
      withLock(
        () => {},
        async () => "done",
        folder(),
      ),
    ).resolves.toBe("done");
  });
});
