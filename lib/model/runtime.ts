/** Process-wide settings of libtorch: seeds, threads, what the machine offers. */
import { native } from "../native/load.ts";
import type { RuntimeInfo } from "../native/types.ts";

/** Seeds libtorch's generators (weights, dropout). @param seed  An integer from 0 to 2^53 - 1. */
export function setSeed(seed: number): Promise<void> {
  return native().manualSeed(seed);
}

/**
 * Draws one number from the CPU generator and drops it, as each iteration over a torch DataLoader begins; it keeps
 * dropout's draws in step with Hugging Face's.
 */
export function drawBaseSeed(): Promise<void> {
  return native().drawBaseSeed();
}

/** 0 .. n - 1 in an order drawn from the global CPU generator, as `torch.randperm(n)`. */
export function randomPermutation(n: number): Promise<Int32Array> {
  return native().randperm(n);
}

/** Threads of one operation. Results may differ in the last bits between counts. */
export function setNumThreads(threads: number): Promise<void> {
  return native().setNumThreads(threads);
}

/** What libtorch and the machine offer. Opens the addon. */
export function runtimeInfo(): Promise<RuntimeInfo> {
  return native().runtimeInfo();
}

/** The CPU generator's state, as torch.get_rng_state() gives it. */
export function getRngState(): Promise<Uint8Array> {
  return native().getRngState();
}

/** Puts back a state of `getRngState`. */
export function setRngState(state: Uint8Array): Promise<void> {
  return native().setRngState(state);
}
