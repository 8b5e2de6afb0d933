import { createHash } from "node:crypto";
import { piecesOf } from "./pieces.ts";

/** SHA-256 of a file's content in lower-case hex, read piece by piece: a checkpoint need not fit into memory. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest("hex");
}
