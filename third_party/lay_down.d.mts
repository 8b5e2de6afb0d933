/** Fills `target` unless it is there; a folder half filled is never seen under that name. */
export function layDown(target: string, fill: (folder: string) => Promise<void>): Promise<void>;
/** Runs `work` in an empty folder under `parent` that is gone afterwards. */
export function withScratch<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T>;
/** Whether a process of this machine lives. */
export function isRunning(pid: number): boolean;
