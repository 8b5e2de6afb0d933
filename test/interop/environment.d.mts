export const scriptFolder: string;
export const requirementsFile: string;
export const environmentFolder: string;
export function interopPython(): string;
export function pinnedVersions(): Record<string, string>;
export function versionFaults(python: string): string[];
