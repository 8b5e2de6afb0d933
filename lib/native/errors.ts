/**
 * What went wrong, as a program reads it. The command line turns each code into an exit code
 * (`lib/cli/exit_codes.ts`); in TypeScript alone there are also `EARG`, `ESTATE` and `EABORT`.
 */
export type ErrorCode =
  | "EUSAGE" // the command line or a configuration cannot be meant as written
  | "EDATA" // a dataset's content: names file:line
  | "ECHECKPOINT" // a model folder's content
  | "EENV" // the machine: no addon, no libtorch, no such device
  | "EOOM" // memory ran out on the device
  | "ENONFINITE" // the loss or a gradient is NaN or infinite
  | "EIO" // reading or writing failed
  | "EARG" // an argument has the wrong type or value
  | "ESTATE" // the object is disposed or busy
  | "EABORT"; // stopped by an AbortSignal

/** The one error class of torchner; the addon throws it too. */
export class TorchnerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TorchnerError";
    this.code = code;
  }
}
