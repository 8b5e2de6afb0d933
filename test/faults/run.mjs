/** `npm run test:faults [-- --full] [PATTERN]`: the short set that `npm test` runs too, or the long one. */
import { spawnSync } from "node:child_process";

const given = process.argv.slice(2);
const rest = given.filter((word) => word !== "--full");
const jest = [
  "run",
  "-s",
  "test:jest",
  "--",
  "--maxWorkers=1",
  ...(rest.length > 0 ? rest : ["test/faults/"]),
];
const env = { ...process.env, ...(given.includes("--full") && { TORCHNER_FAULTS: "full" }) };
process.exitCode = spawnSync("npm", jest, { stdio: "inherit", env }).status ?? 1;
