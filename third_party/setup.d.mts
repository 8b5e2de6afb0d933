/** A libtorch that torchner can be built with. */
export interface Libtorch {
  /** Folder with `include/` and `lib/`. */
  path: string;
  version: string;
  /** Whether it has the CUDA backend's libraries. */
  cuda: boolean;
  /** Where it was found: `--libtorch`, `LIBTORCH`, `build` (of last time), `cache`, `python3` or `download`. */
  from: string;
}

export interface SetupOptions {
  /** Folder of libtorch to use; nothing else is tried. */
  libtorch?: string;
  /** Take a libtorch with CUDA. */
  cuda?: boolean;
  /** Compilations at the same time; default by cores and memory. */
  jobs?: number;
  /** No progress messages. */
  quiet?: boolean;
  /** Takes progress messages; default: lines on standard error. */
  log?: (line: string) => void;
}

export interface SetupResult {
  libtorch: Libtorch;
  /** Path of the built addon. */
  addon: string;
  cache: string;
  /** What had to be done; empty when everything was there. */
  done: ("libtorch" | "addon")[];
}

export interface Check {
  name: string;
  ok: boolean;
  /** What was found, or what is wrong. */
  detail: string;
  /** The command or step that puts it right, where it is not. */
  remedy?: string;
}

/** What the machine lacks, or a build that failed; `message` says what to do. */
export class SetupError extends Error {
  readonly code: "EENV";
}

/**
 * Finds or fetches libtorch and builds the addon; does nothing that is done already.
 * @throws {SetupError}
 */
export function setup(options?: SetupOptions): Promise<SetupResult>;

/** The machine as the setup sees it: tools, libtorch, addon, cache. Changes nothing. */
export function inspect(): Promise<Check[]>;

/** Lines on standard error, for progress. */
export function logToStderr(line: string): void;
