/** Where the benchmark keeps what it lays down once: peers, models, programs. Next to what the interop suite keeps. */
import { join } from "node:path";
import { projectRoot } from "../third_party/paths.mjs";

export const cache = join(projectRoot, "node_modules", ".cache", "torchner", "bench");
export const nodePeers = join(cache, "node");
export const pythonPeers = join(cache, "python");
export const reports = join(projectRoot, "build", "bench");
export const contenders = join(projectRoot, "bench", "contenders");
