import type { ErrorCode } from "../native/errors.ts";

/** What the process ends with for each error; 0 is success. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  EUSAGE: 2,
  EARG: 2,
  EDATA: 3,
  ECHECKPOINT: 3,
  EENV: 4,
  EOOM: 5,
  ENONFINITE: 6,
  EIO: 7,
  ESTATE: 1,
  EABORT: 1,
};

/** For a run that a signal stopped and that can go on: sysexits' EX_TEMPFAIL. */
export const resumableExit = 75;

/** For an error that no part of torchner foresaw. */
export const unforeseen = { code: "EINTERNAL", exit: 1 } as const;
