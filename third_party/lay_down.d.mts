/** Fills `target` by way of a folder beside it, unless it is there; it is complete or absent at any time. */
export function layDown(target: string, fill: (folder: string) => Promise<void>): Promise<void>;
