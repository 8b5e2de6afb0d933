import type { TrainOptions } from "../training/options.ts";

/**
 * The command line that goes on with a run that was stopped: what was typed, and at its end, where the last one wins,
 * what to do with the checkpoint.
 */
export function resumeCommand(
  typed: readonly string[],
  {
    resumeFromCheckpoint,
    overwriteOutputDir,
  }: Pick<TrainOptions, "resumeFromCheckpoint" | "overwriteOutputDir">,
): string {
  const added = [
    ...(overwriteOutputDir ? ["--no-overwrite-output-dir"] : []),
    ...(resumeFromCheckpoint === "auto" ? [] : ["--resume-from-checkpoint", "auto"]),
  ];
  const end = typed.includes("--") ? typed.indexOf("--") : typed.length;
  const words = [...typed.slice(0, end), ...added, ...typed.slice(end)];
  return ["torchner", "train", ...words.map(quoted)].join(" ");
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
