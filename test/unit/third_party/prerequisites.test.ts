import { spawnSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPrerequisites, remedy, requirePrerequisites } from "../../../third_party/prerequisites.mjs";
import { projectRoot } from "../../support/shared.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();

function emptyMachine(): NodeJS.ProcessEnv {
  return { PATH: folder(), HOME: folder() };
}

test("everything that is missing is named at once, each with a command", async () => {
  process.env = emptyMachine();
  const error: Error = await requirePrerequisites({ python: true }).catch((caught) => caught);
  for (const name of ["C++ compiler", "cmake", "ninja or make", "cargo", "python3 with pip"])
    expect(error.message).toMatch(new RegExp(`^  ${name.replaceAll("+", "\\+")}: .+\\n {6}\\S.+`, "m"));
  expect(error.message).not.toMatch(/^ {2}node:/m);
});

test("python3 does not matter when nothing has to be downloaded", async () => {
  process.env = emptyMachine();
  const checks = await checkPrerequisites({ python: false });
  expect(checks.map((check) => check.name)).not.toContain("python3 with pip");
});

test.each([
  ["cmake", "cmake version 3.17.5", false],
  ["cmake", "cmake version 3.18.0", true],
  ["cmake", "cmake version 4.0.1", true],
  ["cargo", "cargo 1.63.0 (abc)", false],
  ["cargo", "cargo 1.85.1 (abc)", true],
])("%s that says %j: good enough is %s", async (name, says, ok) => {
  writeFileSync(join(folder(), name), `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
  process.env = emptyMachine();
  const found = (await checkPrerequisites({ python: false })).find((check) => check.name === name);
  expect(found?.ok).toBe(ok);
  expect(found?.remedy === undefined).toBe(ok);
});

test("a compiler that does not know C++20 is told from one that is not there", async () => {
  writeFileSync(join(folder(), "c++"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  process.env = emptyMachine();
  const found = (await checkPrerequisites({ python: false })).find((check) => check.name === "C++ compiler");
  expect(found).toMatchObject({ ok: false, detail: "c++ does not know C++20" });
});

test("every system has its own command, and an unknown one gets all of them", () => {
  expect(remedy("cmake", "debian")).toBe("sudo apt install cmake");
  expect(remedy("cmake", "fedora")).toBe("sudo dnf install cmake");
  expect(remedy("cmake", "macos")).toBe("brew install cmake");
});

test("npm start on an empty machine ends with 4 before it has changed anything", () => {
  cpSync(join(projectRoot, "third_party"), join(folder(), "third_party"), { recursive: true });
  const program = join(folder(), "third_party", "bootstrap.mjs");
  const result = spawnSync(process.execPath, [program], { env: emptyMachine(), encoding: "utf8" });
  expect(result.stderr).toMatch(
    /lacks what torchner is built with[\s\S]*C\+\+ compiler[\s\S]*cargo[\s\S]*python3/,
  );
  expect(result.stderr).not.toContain("    at ");
  expect(result.status).toBe(4);
  for (const name of ["node_modules", "build", ".cache"])
    expect(existsSync(join(folder(), name))).toBe(false);
});
