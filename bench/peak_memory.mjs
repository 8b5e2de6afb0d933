/** The most memory that a process held, from Linux's own count. */
import { readFileSync } from "node:fs";

/**
 * Of the process itself: rusage would count the parent's memory from before exec.
 * @returns {number | undefined} megabytes; undefined where the system does not say, or the process has ended
 */
export function peakMegabytes(pid) {
  try {
    return Math.round(
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024,
    );
  } catch {
    return undefined;
  }
}
