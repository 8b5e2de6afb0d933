/**
 * A hub on this machine that speaks the interface of Hugging Face's over HTTP: model and dataset info, listings by
 * pages, small files from the hub itself and large ones by a redirect to a second host, uploads. Any request can be
 * spoilt on purpose.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

export type Fault = "reset" | "cut-off" | "status 500" | "status 429" | "wrong bytes" | "no answer";
export const faults: Fault[] = ["reset", "cut-off", "status 500", "status 429", "wrong bytes", "no answer"];

export interface ServedFile {
  content: Buffer;
  /** Large files lie with the second host. */
  lfs: boolean;
  xet?: boolean;
}

export interface ServedRepo {
  type: "models" | "datasets";
  /** Branches and tags to commits; a commit is found by itself as well. */
  revisions: Record<string, string>;
  files: Record<string, ServedFile>;
  /** Who has no token does not see it. */
  private?: boolean;
  /** Everybody sees it, who has a token reads it. */
  gated?: boolean;
}

export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  host: "hub" | "storage";
  authorization?: string;
}

export const firstCommit = "a".repeat(40);
/** The one token that the hub knows. */
export const knownToken = "hf_PlantedSecretOfTheTests";

export class TestHub {
  readonly repos = new Map<string, ServedRepo>();
  readonly requests: RecordedRequest[] = [];
  /** Spoils the requests from the `from`th (0-based) on, `times` of them. */
  fault?: { kind: Fault; from: number; times: number };
  /** What the listing says in place of the truth. */
  forgedListing?: unknown[];
  /** Entries on a page of a listing. */
  pageSize = 100;
  /** Whether a listing's further pages are said to lie with the second host. */
  pagesElsewhere = false;
  readonly uploaded = new Map<string, Buffer>();
  /** How many commits were made, whatever became of the answers. */
  commits = 0;
  /** Milliseconds that one takes. */
  commitTakes = 0;
  readonly #hub: Server;
  readonly #storage: Server;

  private constructor() {
    this.#hub = createServer((request, response) => void this.#serve("hub", request, response));
    this.#storage = createServer((request, response) => void this.#serve("storage", request, response));
  }

  static async start(): Promise<TestHub> {
    const hub = new TestHub();
    for (const server of [hub.#hub, hub.#storage])
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  /** Another name of this machine: for Python, another port alone is no other host. */
  get #storageUrl(): string {
    return `http://localhost:${(this.#storage.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  /** Serves a repository; files over 100 bytes are stored as large ones are. */
  add(name: string, files: Record<string, string | Buffer>, more: Partial<ServedRepo> = {}): ServedRepo {
    const served: ServedRepo["files"] = {};
    for (const [path, text] of Object.entries(files)) {
      const content = Buffer.from(text as string);
      served[path] = { content, lfs: content.length > 100 };
    }
    const repo: ServedRepo = { type: "models", revisions: { main: firstCommit }, files: served, ...more };
    this.repos.set(`${repo.type}/${name}`, repo);
    return repo;
  }

  async #serve(host: "hub" | "storage", request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const url = new URL(request.url ?? "/", this.url);
    const number = this.requests.length;
    const { authorization } = request.headers;
    this.requests.push({ method: request.method ?? "", path: url.pathname, host, authorization });
    const { fault } = this;
    const spoilt =
      fault && number >= fault.from && number < fault.from + fault.times ? fault.kind : undefined;
    if (spoilt === "no answer") return;
    if (spoilt === "reset") return void request.socket.destroy();
    if (spoilt?.startsWith("status")) {
      const headers = spoilt === "status 429" ? { "Retry-After": "0" } : undefined;
      return void response.writeHead(Number(spoilt.slice(-3)), headers).end();
    }
    const answer = host === "hub" ? this.#answer(request, url, body) : this.#store(request, url, body);
    if (url.pathname.includes("/commit/")) await wait(this.commitTakes);
    send(answer, request, response, spoilt);
  }

  #answer(request: IncomingMessage, url: URL, body: Buffer): Answer {
    const api =
      /^\/api\/(models|datasets)\/(.+?)(?:\/(revision|tree|preupload|commit|branch)\/([^/]+))?$/.exec(
        url.pathname,
      );
    if (url.pathname === "/api/whoami-v2") return this.#whoAmI(request);
    if (url.pathname === "/api/repos/create") return this.#create(request, JSON.parse(body.toString()));
    const batch = /^\/(.+)\.git\/info\/lfs\/objects\/batch$/.exec(url.pathname);
    if (batch) return this.#batch(request, JSON.parse(body.toString()));
    const file = /^\/(datasets\/)?([^/]+(?:\/[^/]+)?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const [type, name] = api ? [api[1], api[2]] : [file?.[1] ? "datasets" : "models", file?.[2]];
    const repo = this.repos.get(`${type}/${name}`);
    const isKnown = request.headers.authorization === `Bearer ${knownToken}`;
    // As the real one: strangers are not told whether it is missing or private.
    if (!repo || (repo.private && !isKnown))
      return isKnown ? error(404, "RepoNotFound") : error(401, "RepoNotFound");
    const revision = decodeURIComponent(api?.[4] ?? file?.[3] ?? "main");
    if (api?.[3] === "branch") return this.#branch(request, repo, revision);
    const branch = revision === "HEAD" ? "main" : revision;
    const commit = Object.values(repo.revisions).includes(branch) ? branch : repo.revisions[branch];
    if (!commit) return error(404, "RevisionNotFound");
    if (api?.[3] === "tree") return this.#list(repo, url);
    if (api?.[3] === "preupload") return preupload(request, JSON.parse(body.toString()));
    if (api?.[3] === "commit") return this.#commit(request, repo, revision, body.toString());
    if (api) return json({ _id: "1", id: name, sha: commit, lastModified: "2024-01-01T00:00:00Z" });
    if (repo.gated && !isKnown) return error(isKnown ? 403 : 401, "GatedRepo");
    return this.#resolve(request, repo, decodeURIComponent(file?.[4] ?? ""), commit);
  }

  #list(repo: ServedRepo, url: URL): Answer {
    const entries =
      this.forgedListing ??
      Object.entries(repo.files).map(([path, { content, lfs }]) => ({
        type: "file",
        path,
        size: content.length,
        oid: gitHash(content),
        ...(lfs && { lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } }),
      }));
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const page = entries.slice(start, start + this.pageSize);
    const next = new URL(url.pathname, this.pagesElsewhere ? this.#storageUrl : this.url);
    next.searchParams.set("cursor", String(start + this.pageSize));
    const hasMore = start + this.pageSize < entries.length;
    return json(page, hasMore ? { Link: `<${next.href}>; rel="next"` } : {});
  }

  #resolve(request: IncomingMessage, repo: ServedRepo, path: string, commit: string): Answer {
    const file = repo.files[path];
    if (!file) return error(404, "EntryNotFound");
    const headers = { "X-Repo-Commit": commit };
    if (!file.lfs)
      return { status: 200, body: file.content, headers: { ...headers, ETag: `"${gitHash(file.content)}"` } };
    const hash = sha256(file.content);
    const linked = { ...headers, "X-Linked-Etag": `"${hash}"`, "X-Linked-Size": String(file.content.length) };
    if (file.xet && request.headers.accept?.includes("application/vnd.xet-fileinfo+json")) {
      const link = (rel: string) => `<${this.url}/xet/${rel}>; rel="${rel}"`;
      return json(
        {},
        {
          ...linked,
          "Content-Type": "application/vnd.xet-fileinfo+json",
          "X-Xet-Hash": hash,
          ETag: `"${hash}"`,
          Link: `${link("xet-auth")}, ${link("xet-reconstruction-info")}`,
        },
      );
    }
    const location = `${this.#storageUrl}/blob/${hash}?signature=secret`;
    return { status: 302, body: Buffer.alloc(0), headers: { ...linked, Location: location } };
  }

  /** The second host keeps what was uploaded, and gives large files to whoever has the address. */
  #store(request: IncomingMessage, url: URL, body: Buffer): Answer {
    if (request.method === "PUT") {
      this.uploaded.set(url.pathname.slice("/upload/".length), body);
      return json({});
    }
    if (!url.pathname.startsWith("/blob/")) return this.#answer(request, url, body);
    const hash = url.pathname.slice("/blob/".length);
    const all = [...this.repos.values()].flatMap(({ files }) => Object.values(files));
    const file = all.find(({ content }) => sha256(content) === hash);
    return file
      ? { status: 200, body: file.content, headers: { ETag: `"${hash.slice(0, 32)}"` } }
      : error(404);
  }

  #whoAmI(request: IncomingMessage): Answer {
    if (!mayWrite(request)) return error(401);
    return json({ type: "user", id: "1", name: "somebody", auth: { type: "access_token" }, orgs: [] });
  }

  #create(
    request: IncomingMessage,
    wish: { organization: string; name: string; visibility?: string },
  ): Answer {
    if (!mayWrite(request)) return error(401);
    const name = `${wish.organization}/${wish.name}`;
    if (this.repos.has(`models/${name}`)) return error(409);
    this.add(name, {}, { private: wish.visibility === "private" });
    return json({ url: `${this.url}/${name}`, id: "1" });
  }

  #branch(request: IncomingMessage, repo: ServedRepo, branch: string): Answer {
    if (!mayWrite(request)) return error(403);
    if (repo.revisions[branch]) return error(409);
    repo.revisions[branch] = firstCommit;
    return json({});
  }

  #batch(request: IncomingMessage, wish: { objects: { oid: string; size: number }[] }): Answer {
    if (!mayWrite(request)) return error(403);
    const objects = wish.objects.map(({ oid, size }) =>
      this.uploaded.has(oid)
        ? { oid, size }
        : { oid, size, actions: { upload: { href: `${this.#storageUrl}/upload/${oid}?signature=secret` } } },
    );
    return json({ transfer: "basic", objects });
  }

  #commit(request: IncomingMessage, repo: ServedRepo, branch: string, lines: string): Answer {
    if (!mayWrite(request)) return error(403);
    const operations = lines.split("\n").map((line) => JSON.parse(line));
    for (const { key, value } of operations) {
      if (key === "file") {
        const content = Buffer.from(value.content, value.encoding);
        repo.files[value.path] = { content, lfs: false };
      } else if (key === "lfsFile") {
        const content = this.uploaded.get(value.oid);
        if (!content || sha256(content) !== value.oid) return error(400);
        repo.files[value.path] = { content, lfs: true };
      }
    }
    const commit = createHash("sha1").update(lines).digest("hex");
    repo.revisions[branch] = commit;
    this.commits++;
    return json({
      success: true,
      commitOid: commit,
      commitUrl: `${this.url}/commit/${commit}`,
      hookOutput: "",
    });
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

interface Answer {
  status: number;
  body: Buffer;
  headers: Record<string, string>;
}

function json(value: unknown, headers: Record<string, string> = {}): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status: 200, body, headers: { "Content-Type": "application/json", ...headers } };
}

function error(status: number, code?: string): Answer {
  // Some hubs repeat what they were sent.
  const said = `no access with Bearer ${knownToken}`;
  return {
    ...json({ error: said }, { ...(code && { "X-Error-Code": code }), "X-Error-Message": said }),
    status,
  };
}

function preupload(request: IncomingMessage, wish: { files: { path: string; size: number }[] }): Answer {
  if (!mayWrite(request)) return error(403);
  const mode = (size: number) => (size > 100 ? "lfs" : "regular");
  return json({ files: wish.files.map(({ path, size }) => ({ path, uploadMode: mode(size) })) });
}

function mayWrite(request: IncomingMessage): boolean {
  return request.headers.authorization === `Bearer ${knownToken}`;
}

function send(answer: Answer, request: IncomingMessage, response: ServerResponse, spoilt?: Fault): void {
  let { status, body, headers } = answer;
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range && status === 200) {
    headers = { ...headers, "Content-Range": `bytes ${range[1]}-${range[2]}/${body.length}` };
    body = body.subarray(Number(range[1]), Number(range[2]) + 1);
    status = 206;
  }
  response.writeHead(status, { ...headers, "Content-Length": body.length });
  if (spoilt === "cut-off") {
    response.write(body.subarray(0, body.length >> 1));
    setImmediate(() => request.socket.destroy());
    return;
  }
  response.end(spoilt === "wrong bytes" ? body.map((byte) => byte ^ 1) : body);
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function gitHash(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
