/** `npm run format`: writes what `npm run lint` checks. */
import { join } from "node:path";
import { projectRoot } from "../third_party/paths.mjs";
import { environmentWithCargo } from "../third_party/prerequisites.mjs";
import { run } from "../third_party/process.mjs";
import { formatCpp } from "./clang_format.mjs";

const crate = join("native", "tokenizer", "rust", "Cargo.toml");
const results = [
  await run(join(projectRoot, "node_modules", ".bin", "biome"), ["check", "--write"], { cwd: projectRoot }),
  await formatCpp("write"),
  await run("cargo", ["fmt", "--manifest-path", crate], { cwd: projectRoot, env: environmentWithCargo() }),
];
for (const { stdout, stderr } of results) process.stderr.write(stdout + stderr);
process.exitCode = results.some(({ status }) => status !== 0) ? 1 : 0;
