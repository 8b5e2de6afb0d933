import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { checkNotInUse, RUN_LOCK, withRunLock } from "../../../lib/training/run_lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

const out = () => join(folder, "out");
const lockedBy = async (owner: Record<string, unknown> | string) => {
  await mkdir(out(), { recursive: true });
  await writeFile(join(out(), RUN_LOCK), typeof owner === "string" ? owner : JSON.stringify(owner));
};
const enters = () => withRunLock(out(), async () => "in");
const since = "2026-01-02T03:04:05.000Z";

test("a second run is refused while the first works, naming its process, host and the way on", async () => {
  await withRunLock(out(), async () => {
    await expect(outside(enters)).rejects.toMatchObject({
      code: "ESTATE",
      message: expect.stringMatching(
        new RegExp(
          `out is in use by the run of process ${process.pid} on ${hostname()}.*kill ${process.pid}`,
        ),
      ),
    });
    await expect(checkNotInUse(out(), "EUSAGE")).rejects.toMatchObject({ code: "EUSAGE" });
  });
  await expect(checkNotInUse(out())).resolves.toBeUndefined();
  await expect(enters()).resolves.toBe("in");
});

/** Runs `work` as another run of this process would: not called from within the one that holds the lock. */
function outside<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    outsideQueue.push(() => work().then(resolve, reject));
  });
}
const outsideQueue: (() => void)[] = [];
const timer = setInterval(() => outsideQueue.shift()?.(), 5);
afterAll(() => clearInterval(timer));

test("code within the run may lock its folder again, by another name too", async () => {
  await symlink(out(), join(folder, "link"));
  await mkdir(out());
  const again = () => withRunLock(join(folder, "link"), async () => readdir(out()));
  expect(await withRunLock(out(), again)).toEqual([RUN_LOCK]);
});

test("after the end, good or bad, no lock is left, and no folder that stayed empty", async () => {
  await enters();
  expect(await readdir(folder)).toEqual([]);
  const failing = withRunLock(join(out(), "a", "b"), () => Promise.reject(new Error("planned")));
  await expect(failing).rejects.toThrow("planned");
  expect(await readdir(folder)).toEqual([]);
  await withRunLock(out(), () => writeFile(join(out(), "result"), ""));
  expect(await readdir(out())).toEqual(["result"]);
});

test("a folder that was there before stays, empty as it is", async () => {
  await mkdir(out());
  await enters();
  expect(await readdir(folder)).toEqual(["out"]);
});

describe("a lock whose owner is no more is taken over", () => {
  test("a process that has ended", async () => {
    const { pid } = spawnSync("true");
    await lockedBy({ pid, host: hostname(), since });
    await expect(enters()).resolves.toBe("in");
  });

  test("a number that another process has now", async () => {
    await lockedBy({ pid: process.pid, host: hostname(), started: "an earlier boot 17", since });
    if (existsSync("/proc/self/stat")) await expect(enters()).resolves.toBe("in");
    else await expect(enters()).rejects.toMatchObject({ code: "ESTATE" });
  });

  test.each(["", "{", "null", '{"pid":-1,"host":"x"}', '{"pid":"1"}'])("a torn one: %j", async (text) => {
    await lockedBy(text);
    await expect(enters()).resolves.toBe("in");
  });

  test("by one run only, however many find it", async () => {
    await lockedBy({ pid: spawnSync("true").pid, host: hostname(), since });
    let inside = 0;
    const visit = () =>
      withRunLock(out(), async () => {
        expect(++inside).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 30));
        inside--;
      });
    const ends = await Promise.allSettled(Array.from({ length: 20 }, visit));
    const refused = ends.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: "ESTATE" });
    expect(await readdir(out())).toEqual([]);
  });
});

test("a process that was killed and that its parent has not asked for is no more", async () => {
  const parent = spawn("bash", ["-c", "sleep 60 & echo $!; kill -STOP $$"]);
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  const zombie = async () => /\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
  try {
    await lockedBy({ pid, host: hostname(), since });
    await expect(enters()).rejects.toMatchObject({ code: "ESTATE" });
    if (!existsSync(`/proc/${pid}/stat`)) return;
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const started = `${boot} ${text.slice(text.lastIndexOf(")") + 2).split(" ")[19]}`;
    await lockedBy({ pid, host: hostname(), started, since });
    await expect(enters()).rejects.toMatchObject({ code: "ESTATE" });
    process.kill(pid, "SIGKILL");
    while (!(await zombie())) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(enters()).resolves.toBe("in");
  } finally {
    parent.kill("SIGKILL");
  }
});

test("of another machine's run nothing can be known: the file to delete is named", async () => {
  await lockedBy({ pid: 1, host: "elsewhere", since });
  await expect(enters()).rejects.toMatchObject({
    message: expect.stringMatching(
      /process 1 on elsewhere, .*if that process is no more, delete .*torchner\.lock/,
    ),
  });
});

test("a folder that cannot be made is an input/output error with its path", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(withRunLock(join(folder, "file", "out"), async () => {})).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringContaining(join(folder, "file", "out")),
  });
});
