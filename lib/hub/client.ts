/** How requests are made: the token goes to the hub alone, nothing waits for ever, and one more try is made. */
import { setTimeout as wait } from "node:timers/promises";
import { TorchnerError } from "../native/errors.ts";
import { asFailure, HubFailure, isTransient, statusFailure, timeoutFailure } from "./failure.ts";
import { hubEndpoint, hubTimeout, hubToken, hubUploadTimeout } from "./settings.ts";

export type Log = (line: string) => void;

/** The package wants to see a token of this shape where it needs one; the true one is put in by `hubFetch`. */
export const placeholderToken = "hf_";

/**
 * A `fetch` for @huggingface/hub. An answer is read whole within the time limit, so that a body which stops
 * half-way is a failed request, too; a status that is an error throws the `HubFailure` that says why.
 */
export const hubFetch: typeof fetch = async (input, init = {}) => {
  const { response, alive } = await send(input as string | URL, init);
  try {
    // A probe for a file's first byte may be answered with the whole file.
    if (new Headers(init.headers).has("Range")) {
      await response.body?.cancel();
      return new Response(null, { headers: response.headers, status: 200 });
    }
    const body = response.body ? await response.arrayBuffer() : null;
    return new Response(body, { headers: response.headers, status: response.status });
  } finally {
    alive.end();
  }
};

/**
 * Reads an answer's body piece by piece; the time limit holds for each piece.
 * @throws {HubFailure}
 */
export async function* hubStream(url: string): AsyncGenerator<Uint8Array> {
  const { response, alive } = await send(url, {});
  try {
    for await (const piece of response.body ?? []) {
      alive.sign();
      yield piece as Uint8Array;
    }
  } finally {
    alive.end();
  }
}

interface Answer {
  response: Response;
  alive: Deadline;
}

async function send(input: string | URL, init: RequestInit): Promise<Answer> {
  const url = new URL(input);
  const headers = new Headers(init.headers);
  headers.delete("Authorization");
  const token = hubToken();
  // A page of a listing or an upload may lie with another host. On a redirect to one, fetch drops the header.
  if (token && url.origin === new URL(hubEndpoint()).origin) headers.set("Authorization", `Bearer ${token}`);
  const alive = deadline(limitOf(init), url.pathname);
  try {
    const signal = init.signal ? AbortSignal.any([init.signal, alive.signal]) : alive.signal;
    const response = await fetch(url, { ...init, headers, signal });
    alive.sign();
    if (response.ok) return { response, alive };
    await response.body?.cancel();
    throw statusFailure(response, url.pathname, init.method);
  } catch (error) {
    alive.end();
    throw error;
  }
}

interface Limit {
  /** Without a sign of life. */
  seconds: number;
  /** The environment variable that holds it. */
  setting: string;
}

/** While a large file goes up, nothing comes down: then there is no limit. */
function limitOf({ method = "GET", body }: RequestInit): Limit | undefined {
  if (body instanceof Blob) return undefined;
  return method === "GET" || method === "HEAD"
    ? { seconds: hubTimeout(), setting: "HF_HUB_DOWNLOAD_TIMEOUT" }
    : { seconds: hubUploadTimeout(), setting: "TORCHNER_UPLOAD_TIMEOUT" };
}

interface Deadline {
  signal: AbortSignal;
  /** Sets the clock back. */
  sign(): void;
  end(): void;
}

function deadline(limit: Limit | undefined, path: string): Deadline {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = () => clearTimeout(timer);
  const sign = () => {
    end();
    if (!limit) return;
    const abort = () => controller.abort(timeoutFailure(path, limit.setting));
    timer = setTimeout(abort, limit.seconds * 1000);
  };
  sign();
  return { signal: controller.signal, sign, end };
}

/** The longest that a second try is put off for; who asks for more is told so by the error. */
const longestWait = 30;

/**
 * Does something with the hub, and once more if it fails in a way that may pass. A failure does not say whether the hub
 * did what it was asked: the answer may have been lost. So work that writes either bears a repeat or gives `done`.
 *
 * @param path  what a message calls it: the request's path without the host.
 * @param done  finds out whether the first try did it after all, and then gives what `work` would have. Where that
 *   cannot be found out, nothing is repeated.
 * @throws {HubFailure} of the last try; an error of another kind, such as a full disk, as it is.
 */
export async function withRetry<T>(
  path: string,
  log: Log,
  work: () => Promise<T>,
  done: () => Promise<T | undefined> = async () => undefined,
): Promise<T> {
  try {
    return await attempt(path, work);
  } catch (error) {
    if (!(error instanceof HubFailure) || !isTransient(error)) throw error;
    const pause = error.retryAfter ?? 0.1;
    if (pause > longestWait) throw error;
    log(`${error.message}; trying once more`);
    await wait(pause * 1000);
    const found = await done().catch(() => {
      throw error;
    });
    return found ?? attempt(path, work);
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TorchnerError) throw error;
    throw asFailure(error, path);
  }
}
