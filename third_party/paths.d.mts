/** Where downloads stay, shared by all projects of a user. */
export function cacheFolder(): string;
