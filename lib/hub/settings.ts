/**
 * What the environment says of the hub, under the names and with the precedence of Python's huggingface_hub.
 * Read at each use: a program may set a variable after it has imported this package.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { homeFolder } from "../../third_party/paths.mjs";
import { TorchnerError } from "../native/errors.ts";

/** `HF_HOME`, by default `huggingface` in the user's cache folder. */
function huggingFaceHome(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homeFolder(), ".cache");
  return expandHome(process.env.HF_HOME || join(cache, "huggingface"));
}

/** The folder of huggingface_hub's cache: `HF_HUB_CACHE`, its old name, or `hub` in `HF_HOME`. */
export function huggingFaceCache(): string {
  const given = process.env.HF_HUB_CACHE || process.env.HUGGINGFACE_HUB_CACHE;
  return given ? expandHome(given) : join(huggingFaceHome(), "hub");
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homeFolder(), path.slice(1)) : path;
}

/**
 * The hub's address without a slash at its end: `HF_ENDPOINT`, or Hugging Face's own.
 * @throws {TorchnerError} `EENV` when it is no http(s) address, or has a password in it.
 */
export function hubEndpoint(): string {
  const given = process.env.HF_ENDPOINT || "https://huggingface.co";
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new TorchnerError("EENV", `HF_ENDPOINT is no address; set it like https://hub.example`);
  // Every message names the endpoint, so a secret in it would be in every message.
  if (url.username || url.password)
    throw new TorchnerError(
      "EENV",
      `HF_ENDPOINT has a user name or password in it; set the address alone and give a token in HF_TOKEN`,
    );
  return given.replace(/\/+$/, "");
}

/** Whether requests are forbidden: `HF_HUB_OFFLINE`, or transformers' own variable. */
export function isOffline(): boolean {
  const value = process.env.HF_HUB_OFFLINE || process.env.TRANSFORMERS_OFFLINE || "";
  return ["1", "ON", "YES", "TRUE"].includes(value.toUpperCase());
}

/** Seconds without a byte after which a request is given up; `HF_HUB_DOWNLOAD_TIMEOUT`, 10 as in Python. */
export function hubTimeout(): number {
  const seconds = Number(process.env.HF_HUB_DOWNLOAD_TIMEOUT);
  return seconds > 0 ? seconds : 10;
}

/**
 * Seconds for the answer to a request that writes; `TORCHNER_UPLOAD_TIMEOUT`, since Python has no such limit. The hub
 * may work long on a commit. 300 is what Node's own fetch waits at most.
 */
export function hubUploadTimeout(): number {
  const seconds = Number(process.env.TORCHNER_UPLOAD_TIMEOUT);
  return seconds > 0 ? seconds : 300;
}

/**
 * The user's token: `HF_TOKEN`, its old name, else the file that `hf auth login` writes. Never an argument,
 * which other users of the machine could read.
 *
 * @throws {TorchnerError} `EENV` when it cannot be one; the message does not hold it.
 */
export function hubToken(): string | undefined {
  const token = fromEnvironment() ?? fromFile();
  // An HTTP header cannot carry anything else, and fetch would quote the whole header in its complaint.
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new TorchnerError(
      "EENV",
      "the hub's token (HF_TOKEN, or the file of `hf auth login`) has blanks or letters that no token has; " +
        "copy it again",
    );
  return token;
}

function fromEnvironment(): string | undefined {
  return cleaned(process.env.HF_TOKEN) ?? cleaned(process.env.HUGGING_FACE_HUB_TOKEN);
}

function fromFile(): string | undefined {
  const path = process.env.HF_TOKEN_PATH ? expandHome(process.env.HF_TOKEN_PATH) : undefined;
  try {
    return cleaned(readFileSync(path ?? join(huggingFaceHome(), "token"), "utf8"));
  } catch {
    return undefined; // nobody has logged in
  }
}

function cleaned(text: string | undefined): string | undefined {
  return text?.trim() || undefined;
}

/** Text from outside, fit for a message: one line, not long, and no token in it. */
export function redact(text: string): string {
  const secret = fromEnvironment() ?? fromFile();
  const hidden = secret ? text.replaceAll(secret, "[token]") : text;
  return (
    hidden
      .replace(/\bhf_\w{4,}/g, "[token]")
      .replace(/Bearer\s+\S+/gi, "Bearer [token]")
      // Control characters could move a terminal's cursor.
      .replace(/[\p{Cc}\s]+/gu, " ")
      .trim()
      .slice(0, 300)
  );
}
