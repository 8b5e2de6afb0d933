/** What suites of real data and of a pretrained model share. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export { testData, testModel } from "./places.mjs";

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** How many times as long as usual all may take: sanitizers and emulators are slow. */
export const patience = Number(process.env.TORCHNER_TEST_PATIENCE ?? 1);

export const needsData =
  "test data not found; set TORCHNER_TEST_DATA to a folder with conll2003/ and wnut17/";
export const needsModel = "no pretrained test model; set TORCHNER_TEST_MODEL to a BERT checkpoint folder";

/** `describe` where `present`; else a skipped block whose title carries the reason for the run's summary. */
export function describeIf(present: unknown, reason: string): (name: string, body: () => void) => void {
  return present ? describe : (name, body) => describe.skip(`${name} [skipped: ${reason}]`, body);
}
