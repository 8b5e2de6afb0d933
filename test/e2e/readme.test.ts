/** The README's examples, run as they stand: blocks marked `ts run`, `sh run` and `json file=NAME`. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/shared.ts";
import { makeUserFolder, runIn } from "./user_folder.ts";

interface Block {
  title: string;
  language: string;
  /** What follows the language: `run`, `file=NAME`, or nothing. */
  mark: string;
  code: string;
}

const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
const blocks: Block[] = [...readme.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map((match, i) => {
  const [, language = "", mark = "", code = ""] = match;
  const heading =
    readme
      .slice(0, match.index)
      .match(/^#+ .*$/gm)
      ?.at(-1) ?? "";
  return {
    title: `${i + 1}, ${language}, under "${heading.replace(/^#+ /, "")}"`,
    language,
    mark: mark.trim(),
    code,
  };
});
const runnable = blocks.filter(({ mark }) => mark === "run");
const typescript = runnable.filter(({ language }) => language === "ts");

const folder = makeUserFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (block: Block) => `example-${blocks.indexOf(block) + 1}`;

beforeAll(() => {
  for (const { mark, code } of blocks) {
    if (mark.startsWith("file=")) writeFileSync(join(folder, mark.slice("file=".length)), code);
  }
  for (const block of typescript) writeFileSync(join(folder, `${fileOf(block)}.ts`), block.code);
  const compilerOptions = {
    ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], module: "nodenext", strict: true },
    ...{ outDir: "compiled", types: ["node"], typeRoots: [join(projectRoot, "node_modules", "@types")] },
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["example-*.ts"] }),
  );
});

test("every TypeScript example of the README is one that is run", () => {
  expect(blocks.filter(({ language }) => language === "ts")).toEqual(typescript);
  expect(typescript.length).toBeGreaterThan(0);
});

test("the TypeScript examples compile against the types that users get", () => {
  const { stdout } = runIn(folder, `"${join(projectRoot, "node_modules", ".bin", "tsc")}" -p .`, 120);
  expect(stdout).toBe("");
}, 120_000);

test.each(runnable.map((block) => [block.title, block] as const))(
  "example %s runs",
  (_title, block) => {
    const script = block.language === "ts" ? `node compiled/${fileOf(block)}.js` : block.code;
    const { status, stdout, stderr } = runIn(folder, script, 540);
    expect({ status, failed: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, failed: "" });
    expect(stdout).not.toBe("");
  },
  600_000,
);

test.each(["out", "out-cli"])("the model in %s/ has all that its folder should hold", (name) => {
  const files = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "training_args.json",
    "trainer_state.json",
  ];
  expect(files.filter((file) => !existsSync(join(folder, name, file)))).toEqual([]);
});

test("what the README says of an output folder is there after torchner train", () => {
  const paragraph = /### What an output folder holds\n\n([\s\S]*?)\n\n/.exec(readme)?.[1] ?? "";
  const named = [...paragraph.matchAll(/`([\w.]+\.(?:json|txt|md|safetensors))`/g)].map((match) => match[1]!);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((file) => !existsSync(join(folder, "out-cli", file)))).toEqual([]);
});

test("the README links only to what exists", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1]!);
  expect(links.filter((link) => !existsSync(join(projectRoot, link)))).toEqual([]);
});
