import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { optionTables } from "../../support/options_table.ts";
import { projectRoot } from "../../support/shared.ts";

const path = join(projectRoot, "docs", "training.md");
const heading = "## All options\n\n";

/** After a change of the options: UPDATE_DOCS=1 npm run test:jest -- test/unit/training/options_docs */
test("docs/training.md ends with the options as the table has them", () => {
  const text = readFileSync(path, "utf8");
  const before = text.slice(0, text.indexOf(heading) + heading.length);
  const expected = `${before}${optionTables()}\n`;
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, expected);
  else expect(text).toBe(expected);
});
