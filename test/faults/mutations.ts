/** Files that were changed by chance, and what may become of those who read them. */
import { readFileSync, writeFileSync } from "node:fs";
import { isFull, randomNumbers, report } from "./tiny_runs.ts";

/** How often each file is changed. */
export const mutations = isFull ? 10_000 : 300;

type Random = (below: number) => number;

/** Texts that turn up where a number, a name or a structure is expected. */
const words = [
  ...'0 -1 1e999 -0 0.5 1e18 9007199254740993 2147483648 4294967296 18446744073709551616 NaN null true "" [] {}'.split(
    " ",
  ),
  ...[
    '"\\ud800"',
    "[[[[[[[[",
    "\u0000",
    "\ufeff",
    "\r",
    "\t",
    "\n\n",
    "'",
    '"',
    "\\",
    "../",
    "/etc/passwd",
    "\u2028",
  ],
];

/** One change of a file: of bits, of a piece, or of a word. */
export function change(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random(1 << random(10)));
  const put = (middle: Buffer, skipped: number) =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skipped)]);
  switch (random(9)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return put(Buffer.alloc(0), length);
    case 2:
      return put(Buffer.concat([bytes.subarray(at, at + length), bytes.subarray(at, at + length)]), length);
    case 3:
      return put(Buffer.from(words[random(words.length)]!), 0);
    case 4:
      return put(Buffer.from(words[random(words.length)]!), 1);
    case 5:
      return numberReplaced(bytes, random);
    case 6:
      return put(Buffer.from(Array.from({ length }, () => random(256))), length);
    case 7:
      return put(Buffer.of(random(256)), 1);
    default: {
      const flipped = Buffer.from(bytes);
      if (bytes.length > 0) flipped[random(bytes.length)]! ^= 1 << random(8);
      return flipped;
    }
  }
}

/** Another number in place of one that stands near a random place: the structure stays, so it gets far. */
function numberReplaced(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString("latin1");
  const from = random(text.length + 1);
  const found = /\d+/.exec(text.slice(from, from + 4096));
  if (!found) return bytes;
  const at = from + found.index;
  const word = Buffer.from(words[random(14)]!);
  return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + found[0].length)]);
}

export interface Trial {
  name: string;
  count: number;
  seed?: number;
  original: Buffer;
  /** Reads the changed file; throws where it is refused. */
  read(changed: Buffer): unknown;
  /** Looks at what was read all the same: throws where it is wrong. */
  check?(read: never, changed: Buffer): void | Promise<void>;
  /** Codes of errors that refuse a file; all others are faults of ours. */
  refusals: readonly string[];
}

/** @throws where a change makes the reader fail otherwise than by a refusal, take long, or much memory. */
export async function endure(trial: Trial): Promise<{ refused: number; accepted: number }> {
  const random = randomNumbers(trial.seed ?? 11);
  const before = process.memoryUsage().rss;
  const counts = { refused: 0, accepted: 0 };
  let longest = 0;
  for (let i = 0; i < trial.count; i++) {
    let changed = change(trial.original, random);
    for (let more = random(3); more > 0; more--) changed = change(changed, random);
    const begin = performance.now();
    let read: unknown;
    let error: unknown;
    try {
      read = await trial.read(changed);
    } catch (caught) {
      error = caught;
    }
    longest = Math.max(longest, performance.now() - begin);
    const about = `${trial.name}, change ${i}`;
    if (longest > 5000) throw new Error(`${about} took ${longest} ms`);
    if (error !== undefined) {
      const { code, message } = error as { code?: string; message?: string };
      if (!trial.refusals.includes(code!) || !message)
        throw new Error(`${about} failed with ${code}: ${String(error)}`, { cause: error });
      counts.refused++;
      continue;
    }
    counts.accepted++;
    try {
      await trial.check?.(read as never, changed);
    } catch (cause) {
      throw new Error(`${about} was accepted: ${String(cause)}`, { cause });
    }
  }
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  if (grown > 1500) throw new Error(`${trial.name}: memory grew by ${grown} MB`);
  report(
    `${trial.name}: ${trial.count} changes, ${counts.refused} refused, ${counts.accepted} read; ` +
      `${longest.toFixed(0)} ms at most, memory +${grown.toFixed(0)} MB`,
  );
  return counts;
}

/** Changes one file of a folder in its place; the folder is whole again afterwards. */
export async function damage(
  path: string,
  trial: Omit<Trial, "original" | "count" | "read"> & { count?: number } & { read(): unknown },
): Promise<{ refused: number; accepted: number }> {
  const original = readFileSync(path);
  const read = (changed: Buffer) => {
    writeFileSync(path, changed);
    return trial.read();
  };
  try {
    return await endure({ count: mutations, ...trial, original, read });
  } finally {
    writeFileSync(path, original);
  }
}
