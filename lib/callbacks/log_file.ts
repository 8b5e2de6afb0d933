import { TorchnerError } from "../native/errors.ts";

/** Runs a write to a log file; a failure is `EIO` with the path. */
export async function writingTo(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TorchnerError("EIO", `Cannot write the log ${path}: ${code ?? message}.`, { cause });
  }
}
