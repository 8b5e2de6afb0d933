/** Where a command's words go: results to standard output, everything else to standard error. */

interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  readonly writableNeedDrain?: boolean;
  once?(event: "drain", listener: () => void): unknown;
}

export interface TerminalOptions {
  json?: boolean;
  quiet?: boolean;
  stdout?: Stream;
  stderr?: Stream;
  env?: NodeJS.ProcessEnv;
}

const styles = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Style = keyof typeof styles;
export type Paint = (style: Style, text: string) => string;

export class Terminal {
  /** One JSON document is all that standard output gets. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** Colours text for standard output, where that is a terminal and NO_COLOR is not set. */
  readonly paint: Paint;
  readonly #paintError: Paint;
  readonly #stdout: Stream;
  readonly #stderr: Stream;

  constructor(options: TerminalOptions = {}) {
    const { json = false, quiet = false, stdout = process.stdout, stderr = process.stderr } = options;
    const colours = !(options.env ?? process.env).NO_COLOR;
    this.json = json;
    this.quiet = quiet;
    this.paint = painter(colours && stdout.isTTY === true);
    this.#paintError = painter(colours && stderr.isTTY === true);
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** A line of the result for people; nothing with `--json`. */
  result(text: string): void {
    if (!this.json) this.#stdout.write(`${text}\n`);
  }

  /** Resolves when the reader of the results has caught up, so that they do not pile up in memory. */
  async drained(): Promise<void> {
    const stream = this.#stdout;
    if (stream.writableNeedDrain) await new Promise<void>((resolve) => stream.once?.("drain", resolve));
  }

  /** The whole result for programs; nothing without `--json`. Call it once. */
  document(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** What is going on; nothing with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) this.#stderr.write(`${text}\n`);
  }

  /** What the user should know even with `--quiet`: nothing is lost in silence. */
  warn(text: string): void {
    this.#stderr.write(`${this.#paintError("yellow", "warning:")} ${text}\n`);
  }

  /** Why the command ends; with `--json` the document on standard output says it too. */
  fail(failure: { code: string; message: string }): void {
    this.document({ error: { code: failure.code, message: failure.message } });
    this.#stderr.write(`${this.#paintError("red", "error:")} ${failure.message}\n`);
  }
}

function painter(on: boolean): Paint {
  if (!on) return (_, text) => text;
  return (style, text) => `\u001b[${styles[style][0]}m${text}\u001b[${styles[style][1]}m`;
}
