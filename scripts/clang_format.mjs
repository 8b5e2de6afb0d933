/** The pinned clang-format, out of its wheel: every machine formats alike, and none needs LLVM installed. */
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { layDown, withScratch } from "../third_party/lay_down.mjs";
import { projectRoot } from "../third_party/paths.mjs";
import { downloadWheel, unpackWheel } from "../third_party/pip.mjs";
import { run } from "../third_party/process.mjs";

const version = "20.1.8";

/** Path of the program; downloaded once per node_modules folder. */
async function clangFormat() {
  const tools = join(projectRoot, "node_modules", ".cache", "torchner");
  const folder = join(tools, `clang-format-${version}`);
  const program = join("clang_format", "data", "bin", "clang-format");
  await layDown(folder, (target) =>
    withScratch(tools, async (scratch) => {
      const wheel = await downloadWheel(`clang-format==${version}`, scratch);
      await unpackWheel(wheel, target, [/^clang_format\/data\/bin\/clang-format$/]);
      chmodSync(join(target, program), 0o755);
    }),
  );
  return join(folder, program);
}

/** The C++ sources that are ours. */
function sources() {
  return ["native", join("test", "fuzz"), join("test", "sanitizers")].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(h|cc)$/.test(name) && !name.split("/").includes("target"))
      .sort()
      .map((name) => join(projectRoot, folder, name)),
  );
}

/** @param {"check" | "write"} mode */
export async function formatCpp(mode) {
  const how = mode === "write" ? ["-i"] : ["--dry-run", "--Werror"];
  return run(await clangFormat(), [...how, ...sources()], { cwd: projectRoot });
}
