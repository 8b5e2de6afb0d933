/**
 * A contender's process. It gets its settings as its last argument, says `{"ready": true}` once all is loaded, and from
 * then on answers each JSON line with a JSON line; `{"unavailable": why}` at any time takes it out of the race.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { interopPython } from "../test/interop/environment.mjs";
import { peakMegabytes } from "./peak_memory.mjs";
import { cache, contenders, pythonPeers } from "./places.mjs";

/** It cannot take part; the others can. */
export class Unavailable extends Error {}

/** What starts a contender: the file's name decides the language. */
export function commandOf({ script, settings }) {
  const program = script.endsWith(".py") ? interopPython() : process.execPath;
  return [program, [join(contenders, script), JSON.stringify(settings)]];
}

/** The same threads for all, whichever library counts them, and nobody asks a hub or a GPU. */
export function environment(threads) {
  const counts = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"];
  return {
    ...process.env,
    ...Object.fromEntries(counts.map((name) => [name, String(threads)])),
    ...{ HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "", TOKENIZERS_PARALLELISM: "true" },
    ...{ PYTHONPATH: pythonPeers, TORCHINDUCTOR_CACHE_DIR: join(cache, "inductor") },
  };
}

export class Contender {
  /**
   * Starts the process and waits until it is ready.
   * @param {{ script: string, settings: { threads: number } }} entry
   */
  static async start(entry) {
    const contender = new Contender(entry);
    await contender.#answer();
    return contender;
  }

  #child;
  #lines;
  #said = "";

  constructor(entry) {
    const [program, args] = commandOf(entry);
    this.#child = spawn(program, args, { env: environment(entry.settings.threads) });
    this.#child.on("error", (error) => {
      this.#said += error.message;
    });
    // Libraries chat there; it is shown only where a process ends of itself.
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    this.#child.stdin.on("error", () => {}); // an ended process has said why already
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @param {object} request @returns {Promise<any>} */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  /** The most that the process held so far. */
  get peakMegabytes() {
    return peakMegabytes(this.#child.pid);
  }

  async stop() {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null)
      return;
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done)
      throw new Unavailable(`its process ended: ${this.#said.trim().split("\n").slice(-6).join("\n")}`);
    const answer = JSON.parse(value);
    if (answer.unavailable) throw new Unavailable(answer.unavailable);
    return answer;
  }
}
