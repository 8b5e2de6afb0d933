/**
 * One run at a time in an output folder: two would rotate each other's checkpoints away. The lock is a file that names
 * its owner, so that the next run can tell one that is at work from one that was killed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, unlinkSync } from "node:fs";
import { link, mkdir, readFile, realpath, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { explainFailure } from "../files/durable.ts";
import { type ErrorCode, TorchnerError } from "../native/errors.ts";

/** Its file in the output folder. */
export const RUN_LOCK = "torchner.lock";

interface Owner {
  pid: number;
  host: string;
  /** Tells the process from a later one with its number; absent where the system does not say. */
  started?: string;
  since: string;
  /** Tells the runs of one process apart. */
  run: string;
}

/** Folders whose lock is held around the code that asks: the command line holds its run's, and `train()` in it too. */
const held = new AsyncLocalStorage<readonly string[]>();

/**
 * Does `work` while no other run may use `folder`, which is made if it is not there, and goes again if nothing came
 * into it.
 * @param busy  Code of the refusal.
 * @throws {TorchnerError} `busy` naming the process whose run is at work in the folder; `EIO` where it cannot be
 *   written.
 */
export async function withRunLock<T>(
  folder: string,
  work: () => Promise<T>,
  busy: ErrorCode = "ESTATE",
): Promise<T> {
  const outer = held.getStore() ?? [];
  const before = await realpath(folder).catch(() => undefined);
  if (before !== undefined && outer.includes(before)) return work();
  let made: string | undefined;
  let file = join(folder, RUN_LOCK);
  const text = `${JSON.stringify(thisProcess(), null, 2)}\n`;
  const removeOwn = () => {
    if (readFileSync(file, "utf8") === text) unlinkSync(file);
  };
  const onExit = () => ignoring(removeOwn);
  try {
    await explainFailure(file, async () => {
      made = await mkdir(folder, { recursive: true });
      file = join(await realpath(folder), RUN_LOCK);
      await take(file, text, folder, busy);
    });
    process.once("exit", onExit); // process.exit() in mid-run
    return await held.run([...outer, dirname(file)], work);
  } finally {
    process.removeListener("exit", onExit);
    ignoring(removeOwn);
    if (made !== undefined) await removeEmpty(resolve(folder), resolve(made));
  }
}

/** @throws {TorchnerError} `busy` if a run is at work in the folder; nothing is written. */
export async function checkNotInUse(folder: string, busy: ErrorCode = "ESTATE"): Promise<void> {
  const owner = ownerIn(await readFile(join(folder, RUN_LOCK), "utf8").catch(() => ""));
  if (owner && mayRun(owner)) throw inUse(folder, owner, busy);
}

/** Makes the lock appear with its owner in it; one whose owner is gone is removed first. */
async function take(file: string, text: string, folder: string, busy: ErrorCode): Promise<void> {
  for (;;) {
    if (await appear(file, text)) return;
    const found = await readFile(file, "utf8").catch(() => undefined);
    if (found === undefined) continue; // given back just now
    const owner = ownerIn(found);
    if (owner && mayRun(owner)) throw inUse(folder, owner, busy);
    await removeStale(file, found, text);
  }
}

/** False where there is one already. */
async function appear(file: string, text: string): Promise<boolean> {
  const own = asideOf(file);
  try {
    await writeFile(own, text);
  } catch (error) {
    await rm(own, { force: true });
    throw error;
  }
  try {
    await link(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOENT: a run that begins has cleared away what looked like a leftover.
    if (code === "EEXIST" || code === "ENOENT") return false;
    if (!noLinks.has(code!)) throw error;
    return await createNew(file, text);
  } finally {
    await rm(own, { force: true });
  }
}

/** What file systems without hard links answer. */
const noLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

async function createNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Several runs may find the same lock stale. Only the one that has the claim to this very lock removes it, so that none
 * removes the lock which another has taken since.
 */
async function removeStale(file: string, stale: string, text: string): Promise<void> {
  const claim = asideOf(file, createHash("sha256").update(stale).digest("hex").slice(0, 8));
  if (await appear(claim, text)) {
    try {
      if ((await readFile(file, "utf8").catch(() => undefined)) === stale) await rm(file);
    } finally {
      await rm(claim, { force: true });
    }
    return;
  }
  const owner = ownerIn(await readFile(claim, "utf8").catch(() => text));
  if (!owner || !mayRun(owner)) await rm(claim, { force: true });
  await sleep(20);
}

/** A name that `interruptedWrites` finds again if this process dies. */
function asideOf(file: string, name = randomBytes(4).toString("hex")): string {
  return join(dirname(file), `tmp-${RUN_LOCK}-${name}`);
}

function ownerIn(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const whole = Number.isSafeInteger(owner?.pid) && owner!.pid! > 0 && typeof owner!.host === "string";
    return whole ? (owner as Owner) : undefined;
  } catch {
    return undefined; // torn, by a death on a file system without links
  }
}

function thisProcess(): Owner {
  const { pid } = process;
  const run = randomBytes(8).toString("hex");
  return { pid, host: hostname(), started: startOf(pid), since: new Date().toISOString(), run };
}

/** Of another machine nothing can be known; a number that is taken again is no longer the run. */
function mayRun({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startOf(pid);
  return started === undefined || now === undefined || started === now;
}

/** When a process began, in its system's words: the boot, and the ticks since. Linux tells; elsewhere undefined. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may hold blanks
    const [state, ticks] = [fields[0], fields[19]];
    return state === "Z" ? "ended" : `${boot} ${ticks}`; // a zombie has its number until its parent looks
  } catch {
    return undefined;
  }
}

function inUse(folder: string, { pid, host, since }: Owner, code: ErrorCode): TorchnerError {
  const here = host === hostname();
  const end = here ? `stop it (kill ${pid})` : "stop it there";
  const gone = here ? "" : `; if that process is no more, delete ${join(folder, RUN_LOCK)}`;
  return new TorchnerError(
    code,
    `${folder} is in use by the run of process ${pid} on ${host}, which began ${since}; wait for its end or ${end}, ` +
      `or give this run another folder (outputDir, --output-dir)${gone}.`,
  );
}

/** The folders from `folder` up to `last`, as far as they are empty. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  try {
    await rmdir(folder);
    if (folder !== last) await removeEmpty(dirname(folder), last);
  } catch {
    // something lies in it
  }
}

/** On the way out: what fails now must not hide why the run ends. A lock that stays is stale by then. */
function ignoring(work: () => void): void {
  try {
    work();
  } catch {
    // no lock of ours
  }
}
