import type { AskedColumns } from "./columns.ts";

/** How the columns of a table are read. */
export interface TableOptions extends AskedColumns {
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
}
