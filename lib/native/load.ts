/** The only file that opens the addon: finds it, hands it what must be made in JavaScript, or says what to do. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { TorchnerError } from "./errors.ts";
import type { NativeAddon } from "./types.ts";

// Both lib/native (tests) and dist/native (users) lie two folders below the package.
const packageRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Where `torchner setup` leaves the addon; tests name another build of it. */
export const addonPath = process.env.TORCHNER_ADDON || join(packageRoot, "build", "Release", "torchner.node");

let opened: NativeAddon | undefined;

/** The addon, opened on first use. @throws {TorchnerError} `EENV` naming the command that builds it. */
export function native(): NativeAddon {
  opened ??= open();
  return opened;
}

function open(): NativeAddon {
  if (!existsSync(addonPath)) {
    throw new TorchnerError(
      "EENV",
      `The native addon is not built (${addonPath} is missing). Build it with: npx torchner setup`,
    );
  }
  const addon = load();
  addon.init({ TorchnerError, allocate, disposeSymbol: Symbol.dispose });
  // `exit` also fires on process.exit(), where Node runs no cleanup hook: libtorch's statics must not be
  // destroyed under a running operation.
  if (isMainThread) process.once("exit", () => addon.shutdown());
  return addon;
}

function load(): NativeAddon {
  try {
    limitKernelCaches();
    return withShortSpins(() => createRequire(import.meta.url)(addonPath) as NativeAddon);
  } catch (error) {
    throw new TorchnerError(
      "EENV",
      `The native addon does not open: ${(error as Error).message}\n` +
        "libtorch may have moved or changed since it was built. Build it again with: npx torchner setup",
      { cause: error },
    );
  }
}

/**
 * libgomp's threads spin for milliseconds at every barrier before they sleep. Where anything else runs on the
 * cores, a step then takes several times as long: the spinning thread holds the core that the other one needs. It
 * reads the limit once, when libtorch brings it in; the user's own settings win.
 */
function withShortSpins<T>(open: () => T): T {
  const { env } = process;
  if (env.GOMP_SPINCOUNT !== undefined || env.OMP_WAIT_POLICY !== undefined) return open();
  env.GOMP_SPINCOUNT = "2000";
  try {
    return open();
  } finally {
    delete env.GOMP_SPINCOUNT;
  }
}

/**
 * oneDNN makes a kernel for every shape it meets and keeps a thousand of them, of up to a megabyte each: batches of
 * packed rows have another shape almost every time, so that the cache grows to a gigabyte and is rarely hit. Both
 * limits are read at the first product, hence they stay; the user's own settings win.
 */
function limitKernelCaches(): void {
  process.env.ONEDNN_PRIMITIVE_CACHE_CAPACITY ??= "64";
  process.env.LRU_CACHE_CAPACITY ??= "64"; // of libtorch's layer above it
}

function allocate(kind: "float32" | "float64" | "int32" | "uint8", length: number): ArrayBufferView {
  switch (kind) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "uint8":
      return new Uint8Array(length);
  }
}
