/** What can go wrong with a request to the hub, and what the user can do about it. */
import { TorchnerError } from "../native/errors.ts";
import { hubEndpoint, hubToken, redact } from "./settings.ts";

/**
 * - `unreachable`: no connection, or no answer in time;
 * - `cut off`: the connection broke in the middle of a file;
 * - `busy`: the hub has trouble of its own (429, 5xx);
 * - `denied`: no right to it, or no token (401, 403);
 * - `missing`: no such repository, revision or file (404);
 * - `refused`: any other status;
 * - `corrupt`: an answer that is not what the hub itself announced.
 */
export type FailureKind = "unreachable" | "cut off" | "busy" | "denied" | "missing" | "refused" | "corrupt";

/** The error of this room; users see it as a `TorchnerError`. */
export class HubFailure extends TorchnerError {
  readonly kind: FailureKind;
  readonly status?: number;
  /** Seconds that the hub asks to wait for. */
  readonly retryAfter?: number;

  constructor(
    kind: FailureKind,
    message: string,
    more: { status?: number; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(codes[kind], message, { cause: more.cause });
    this.kind = kind;
    this.status = more.status;
    this.retryAfter = more.retryAfter;
  }
}

const codes = {
  unreachable: "EENV",
  "cut off": "EIO",
  busy: "EENV",
  denied: "EENV",
  missing: "ECHECKPOINT",
  refused: "EENV",
  corrupt: "EIO",
} as const;

/** Whether the same request may succeed when it is made again. */
export function isTransient(failure: HubFailure): boolean {
  return ["unreachable", "cut off", "busy", "corrupt"].includes(failure.kind);
}

/**
 * The failure in an answer's status.
 * @param path    of the request, without host and query: a signed address is a secret.
 * @param method  of the request: whether it would read or write.
 */
export function statusFailure(response: Response, path: string, method = "GET"): HubFailure {
  const { status, headers } = response;
  const said = redact(headers.get("X-Error-Message") ?? "");
  const answer = `${path} was answered with ${status}${said ? ` ("${said}")` : ""}`;
  const errorCode = headers.get("X-Error-Code");
  if (errorCode === "GatedRepo")
    return new HubFailure(
      "denied",
      `${answer}: access has to be granted first. Ask for it on the repository's page at ${hubEndpoint()}, then ` +
        loginAdvice(method),
      { status },
    );
  // To somebody without rights, the hub says 401 of what does not exist and of what is private alike.
  if (status === 401 || status === 403)
    return new HubFailure(
      "denied",
      `${answer}: it does not exist or is not open to you. Check its name; for a private one, ${loginAdvice(method)}`,
      { status },
    );
  if (status === 404 || status === 410)
    return new HubFailure("missing", missing(answer, errorCode), { status });
  if (status === 429 || status >= 500) {
    const retryAfter = Number(headers.get("Retry-After") ?? Number.NaN);
    const advice =
      status === 429 ? "too many requests: try again later" : "the hub has trouble: try again later";
    return new HubFailure("busy", `${answer}; ${advice}`, {
      status,
      retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
    });
  }
  return new HubFailure("refused", `${answer}; check that HF_ENDPOINT (${hubEndpoint()}) is a hub`, {
    status,
  });
}

function missing(answer: string, errorCode: string | null): string {
  if (errorCode === "RevisionNotFound")
    return `${answer}: there is no such revision; give a branch, a tag or a commit after the @`;
  if (errorCode === "EntryNotFound") return `${answer}: there is no such file`;
  return `${answer}: there is no such repository at ${hubEndpoint()}; check its name`;
}

function loginAdvice(method: string): string {
  const right = method === "GET" ? "read it" : "write to it";
  return hubToken()
    ? `check that the token in use (HF_TOKEN, or the file of \`hf auth login\`) may ${right}`
    : "set HF_TOKEN or run `hf auth login`";
}

/** @param setting  the environment variable that holds the limit. */
export function timeoutFailure(path: string, setting: string): HubFailure {
  return new HubFailure(
    "unreachable",
    `${path}: nothing came from ${hubEndpoint()} in time; check the network, or raise ${setting} (seconds)`,
  );
}

/** Anything that a request threw, as a failure of this room. */
export function asFailure(error: unknown, path: string): HubFailure {
  if (error instanceof HubFailure) return error;
  if (isFromNetwork(error as Error))
    return new HubFailure(
      "unreachable",
      `${path}: ${hubEndpoint()} cannot be reached (${redact(reason(error as Error))}); check the network and ` +
        "HF_ENDPOINT",
      { cause: error },
    );
  // The package met something that it does not expect: a page instead of JSON, a missing field.
  return new HubFailure(
    "corrupt",
    `${path}: the answer is not a hub's (${redact((error as Error).message)}); check that HF_ENDPOINT ` +
      `(${hubEndpoint()}) is one and that no login page of a network stands before it`,
    { cause: error },
  );
}

/** What fetch throws while it connects ("fetch failed") and in the middle of a body ("terminated"). */
function isFromNetwork({ name, message, cause }: Error): boolean {
  return name === "AbortError" || cause !== undefined || /^(fetch failed|terminated)$/.test(message);
}

function reason({ message, cause }: Error): string {
  const inner = cause as (Error & { code?: string }) | undefined;
  return inner?.code ?? inner?.message ?? message;
}
