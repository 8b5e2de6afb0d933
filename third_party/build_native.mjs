/** `npm run build:native`: builds the addon for the libtorch that LIBTORCH names. */
import { buildAddon } from "./addon.mjs";

if (!process.env.LIBTORCH) throw new Error("set LIBTORCH to a libtorch folder (include/ and lib/)");
await buildAddon({ libtorch: process.env.LIBTORCH, log: (line) => process.stderr.write(`${line}\n`) });
