/** Numbers as the commands print them. */

/** `1234567` -> `1,234,567` */
export const grouped = (value: number) => value.toLocaleString("en-US");

/** `0.9123` -> `91.23` */
export const percent = (share: number) => (100 * share).toFixed(2);

/** `-0.01` -> `-1.00`, `0.01` -> `+1.00` */
export const signedPercent = (share: number) => `${share < 0 ? "" : "+"}${percent(share)}`;
