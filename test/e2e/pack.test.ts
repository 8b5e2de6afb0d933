/** The tarball as a dependency: what is in it, and that a project that installs it can build, import and train. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { presentLibtorch } from "../../third_party/libtorch.mjs";
import { projectRoot } from "../support/shared.ts";

const runFile = promisify(execFile);

let folder: string;
let project: string;
let packed: string[];
let environment: NodeJS.ProcessEnv;

/** Runs a program in the dependent's project; rejects with its standard error. */
async function inProject(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await runFile(program, args, { cwd: project, env: environment, maxBuffer: 1 << 24 });
  return stdout;
}

// Packing and installing only; the build is a test of its own. Minutes in all, on a loaded machine more.
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "torchner-pack-")));
  project = join(folder, "project");
  const libtorch = await presentLibtorch({ log: () => {} });
  environment = {
    ...process.env,
    LIBTORCH: libtorch?.path,
    CARGO_TARGET_DIR: join(folder, "cargo"),
    npm_config_update_notifier: "false",
  };
  // Compiled crates of the Rust registry are reused; torchner's own crate and all of its C++ are built anew.
  const crates = join(projectRoot, "build", "cargo");
  if (existsSync(crates))
    cpSync(crates, join(folder, "cargo"), { recursive: true, preserveTimestamps: true });
  // Without prepack: other tests read the dist folder that it would write again.
  const pack = await runFile("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: projectRoot,
  });
  const [tarball] = JSON.parse(pack.stdout) as [{ filename: string; files: { path: string }[] }];
  packed = tarball.files.map((file) => file.path);
  cpSync(join(projectRoot, "test", "fixtures", "pack"), project, { recursive: true });
  await inProject(
    "npm",
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    join(folder, tarball.filename),
  );
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball has nothing but what runs, what is built, and what the license asks for", () => {
  const expected = [
    /^dist\/.+\.(js|d\.ts)$/,
    /^native\/.+\.(cc|h)$/,
    /^native\/tokenizer\/rust\/(Cargo\.(toml|lock)|rustfmt\.toml|src\/.+\.rs)$/,
    /^third_party\/[a-z_]+\.(mjs|d\.mts|py)$/,
    /^(CMakeLists\.txt|LICENSE|README\.md|package\.json)$/,
  ];
  expect(packed.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([]);
  const developmentOnly = ["bootstrap", "build_native", "compile", "node_modules", "typescript"];
  expect(packed.filter((path) => developmentOnly.some((name) => path === `third_party/${name}.mjs`))).toEqual(
    [],
  );
});

test("the tarball has every native source, C++ tests aside, and every compiled module", () => {
  const under = (path: string, kind: RegExp) =>
    readdirSync(join(projectRoot, path), { recursive: true, encoding: "utf8" })
      .filter((name) => kind.test(name) && !/target\/|_test\.cc$/.test(name))
      .map((name) => `${path}/${name}`);
  const wanted = [...under("native", /\.(cc|h|rs|lock)$/), ...under("dist", /\.js$/)];
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((path) => !packed.includes(path))).toEqual([]);
});

test("before the setup, the package imports and the first use names the command to run", async () => {
  const script =
    'import { setSeed } from "torchner"; try { await setSeed(1); } catch (e) { console.log(e.code, e.message); }';
  const said = await inProject(process.execPath, "--input-type=module", "-e", script);
  expect(said).toMatch(/^EENV [\s\S]*npx torchner setup/);
});

test("npx torchner setup builds the addon in the dependent's node_modules", async () => {
  const said = JSON.parse(await inProject("npx", "torchner", "setup", "--json"));
  expect(said).toMatchObject({ done: ["addon"], libtorch: { from: "LIBTORCH" } });
  expect(said.addon).toBe(join(project, "node_modules", "torchner", "build", "Release", "torchner.node"));
  expect(existsSync(said.addon)).toBe(true);
}, 900_000);

test("a second setup finds that nothing is left to do", async () => {
  const said = JSON.parse(await inProject("npx", "torchner", "setup", "--json"));
  expect(said.done).toEqual([]);
});

test("import works from an ES module and require from a CommonJS one, and the addon answers", async () => {
  const use = "setSeed(1).then(() => console.log(typeof Trainer))";
  const esm = `import { setSeed, Trainer } from "torchner"; ${use}`;
  await expect(inProject(process.execPath, "--input-type=module", "-e", esm)).resolves.toBe("function\n");
  const cjs = `const { setSeed, Trainer } = require("torchner"); ${use}`;
  await expect(inProject(process.execPath, "--input-type=commonjs", "-e", cjs)).resolves.toBe("function\n");
});

test("the types reach the dependent", async () => {
  writeFileSync(
    join(project, "use.mts"),
    [
      'import { Trainer, TrainingArguments } from "torchner";',
      'const args: TrainingArguments = new TrainingArguments({ outputDir: "out" });',
      "// @ts-expect-error a number is no folder; were the types missing, this would be no error",
      "new TrainingArguments({ outputDir: 3 });",
      "export const use: [typeof Trainer, typeof args] = [Trainer, args];",
    ].join("\n"),
  );
  const tsc = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"];
  const lib = ["--lib", "es2023,esnext.disposable,dom"];
  await inProject(process.execPath, tsc, ...options, ...lib, "use.mts");
});

test("npx torchner --help and npx torchner train work", async () => {
  await expect(inProject("npx", "torchner", "--help")).resolves.toMatch(/train/);
  const files = ["--model", "model", "--from-scratch", "--train-file", "train.txt", "--output-dir", "out"];
  await inProject("npx", "torchner", "train", ...files, "--max-steps", "2", "--json");
  expect(readdirSync(join(project, "out"))).toEqual(
    expect.arrayContaining(["config.json", "model.safetensors"]),
  );
}, 120_000);
