import { exitCodes, resumableExit, unforeseen } from "./exit_codes.ts";
import { Resumable, type StopSignal, signalExits } from "./interrupt.ts";

/** An error as the command line shows it. */
export interface Failure {
  code: string;
  message: string;
  exit: number;
}

/**
 * Names what went wrong in one of the codes that scripts rely on. A wrong argument is a usage error here, and
 * errors of the operating system are input/output errors.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { ...unforeseen, message: `unexpected: ${String(error)}` };
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && Object.hasOwn(exitCodes, code)) {
    const known = code as keyof typeof exitCodes;
    const exit = (known === "EABORT" && exitOfStop(error.cause)) || exitCodes[known];
    return { code: known === "EARG" ? "EUSAGE" : known, message: error.message, exit };
  }
  if (syscall !== undefined) return { code: "EIO", message: error.message, exit: exitCodes.EIO };
  const hint = "this is a fault in torchner; TORCHNER_DEBUG=1 shows where";
  return { ...unforeseen, message: `${error.name}: ${error.message} (${hint})` };
}

function exitOfStop(cause: unknown): number | undefined {
  return cause instanceof Resumable ? resumableExit : signalExits[cause as StopSignal];
}
