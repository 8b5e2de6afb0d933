/** A contestant's process: a line `FIRST COUNT` on its input runs those batches, a JSON line answers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export class Driver {
  /** Starts the process and waits until it has loaded model and batches. */
  static async start(name, program, args) {
    const driver = new Driver(name, program, args);
    const { ready } = await driver.#answer();
    if (!ready) throw new Error(`${name} did not get ready`);
    return driver;
  }

  #child;
  #lines;

  constructor(name, program, args) {
    this.name = name;
    this.#child = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.#child.pid;
  }

  /** @returns {Promise<{ seconds: number, loss: number }>} of batches `first` to `first + count - 1` */
  async run(first, count) {
    this.#child.stdin.write(`${first} ${count}\n`);
    return this.#answer();
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended before it answered; its message is above`);
    return JSON.parse(value);
  }
}
