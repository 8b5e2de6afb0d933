#!/usr/bin/env node
import { run } from "./run.ts";

// `torchner predict ... | head` closes the pipe early; that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 7);
  });
}

process.exitCode = await run(process.argv.slice(2));
