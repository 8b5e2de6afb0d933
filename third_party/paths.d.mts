/** The package's own folder: a checkout, or `node_modules/torchner`. */
export const projectRoot: string;
export const buildFolder: string;
/** Where the addon lies once it is built. */
export const addonPath: string;
/** The user's home: `HOME`, else what the system says. */
export function homeFolder(): string;
/** Where downloads stay: `TORCHNER_CACHE`, else `XDG_CACHE_HOME/torchner`, else `~/.cache/torchner`. */
export function cacheFolder(): string;
