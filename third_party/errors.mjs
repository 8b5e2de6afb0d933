/**
 * The machine lacks something. Plain JavaScript has no access to `TorchnerError` (it is compiled after this
 * runs), so this carries the same `code`, and the command line treats both alike.
 */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "SetupError";
    this.code = "EENV";
  }
}
