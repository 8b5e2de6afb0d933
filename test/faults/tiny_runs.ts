/** Runs of the real binary that take about a second, their folders, and what has to be the same in two of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addonPath } from "../../lib/native/load.ts";
import { binary, sentences, writeTinyCheckpoint } from "../e2e/tiny_run.ts";
import { describeIf } from "../support/shared.ts";

/** `npm run test:faults -- --full` asks for the long set. */
export const isFull = process.env.TORCHNER_FAULTS === "full";

export const describeWithAddon = (name: string, body: () => void) =>
  describeIf(existsSync(addonPath), "the native addon is not built")(name, body);

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
  milliseconds: number;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** A folder with a model and sentences, and runs in it; everything goes when the test file ends. */
export class TinyRuns {
  readonly folder = mkdtempSync(join(tmpdir(), "torchner-faults-"));

  constructor() {
    writeTinyCheckpoint(this.at("tiny"));
    writeFileSync(this.at("train.txt"), sentences(20));
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Arguments of a run with a checkpoint at every second of its updates. */
  arguments(outputDir: string, maxSteps = 6): string[] {
    return [
      ...["train", "--model", "tiny", "--from-scratch", "--train-file", "train.txt", "--threads", "1"],
      ...["--max-steps", String(maxSteps), "--save-strategy", "steps", "--save-steps", "2"],
      ...["--learning-rate", "1e-3", "--logging-steps", "3", "--save-total-limit", "2", "--quiet"],
      ...["--output-dir", outputDir],
    ];
  }

  start(args: readonly string[], env: Record<string, string> = {}): Running {
    return this.startProgram(process.execPath, [binary, ...args], env);
  }

  run(args: readonly string[], env?: Record<string, string>): Promise<Ended> {
    return this.start(args, env).ended;
  }

  startProgram(program: string, args: readonly string[], env: Record<string, string> = {}): Running {
    const child = spawn(program, args, {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, OMP_WAIT_POLICY: "passive", ...env },
    });
    const begin = performance.now();
    let stderr = "";
    child.stderr!.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((resolve) =>
      child.on("close", (code, signal) =>
        resolve({ code, signal, stderr, milliseconds: performance.now() - begin }),
      ),
    );
    return { child, ended };
  }

  names(outputDir: string): string[] {
    return existsSync(this.at(outputDir)) ? readdirSync(this.at(outputDir)).sort() : [];
  }

  /** What a run leaves that a repetition gives again, byte by byte; times are left out. */
  results(outputDir: string): Record<string, string> {
    const checkpoints = this.names(outputDir).filter((name) => name.startsWith("checkpoint-"));
    const bytes = (path: string) => readFileSync(this.at(outputDir, path), "latin1");
    const state = JSON.parse(bytes("trainer_state.json"));
    const log = (state.log_history as Record<string, unknown>[]).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([key]) => !/_(runtime|per_second)$/.test(key))),
    );
    const kept = ["model.safetensors", "optimizer.safetensors", "rng_state.bin", "scheduler.json"];
    return {
      names: this.names(outputDir).join(" "),
      weights: bytes("model.safetensors"),
      log: JSON.stringify(log),
      ...Object.fromEntries(
        checkpoints.flatMap((name) => kept.map((file) => [`${name}/${file}`, bytes(`${name}/${file}`)])),
      ),
    };
  }

  /** The results that differ, by name; whole files would be no message. */
  differences(outputDir: string, other: string): string[] {
    const [a, b] = [this.results(outputDir), this.results(other)];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
  }
}

/** Numbers below a bound that a seed repeats: a fault that was found can be looked at again. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Waits until `ready`, as long as the process lives. */
export async function until(running: Running, ready: () => boolean): Promise<void> {
  while (running.child.exitCode === null && running.child.signalCode === null && !ready())
    await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A figure of the long set, for docs/reliability.md. */
export function report(line: string): void {
  if (isFull) process.stderr.write(`${line}\n`);
}
