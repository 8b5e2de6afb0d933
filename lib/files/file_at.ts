import { type Stats, statSync } from "node:fs";

/** What lies at a path; undefined for nothing, and for a text that no file could be called: it may name something else. */
export function fileAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
