import { spawnSync } from "node:child_process";
import { resumeCommand } from "../../../lib/cli/resume_command.ts";

const first = { resumeFromCheckpoint: undefined, overwriteOutputDir: false };

test.each([
  [["ner.yaml"], first, "torchner train ner.yaml --resume-from-checkpoint auto"],
  [
    ["ner.yaml", "--overwrite-output-dir"],
    { ...first, overwriteOutputDir: true },
    "torchner train ner.yaml --overwrite-output-dir --no-overwrite-output-dir --resume-from-checkpoint auto",
  ],
  [
    ["ner.yaml", "--resume-from-checkpoint", "auto"],
    { ...first, resumeFromCheckpoint: "auto" },
    "torchner train ner.yaml --resume-from-checkpoint auto",
  ],
  [
    ["ner.yaml", "--resume-from-checkpoint", "out/checkpoint-3"],
    { ...first, resumeFromCheckpoint: "out/checkpoint-3" },
    "torchner train ner.yaml --resume-from-checkpoint out/checkpoint-3 --resume-from-checkpoint auto",
  ],
  [["--", "ner.yaml"], first, "torchner train --resume-from-checkpoint auto -- ner.yaml"],
])("%j", (typed, values, command) => {
  expect(resumeCommand(typed, values)).toBe(command);
});

test("a shell reads every word back as it was typed", () => {
  const typed = ["--train-file", "my data/a'b.txt", "", "$HOME", "a\nb", "`x`", "\\", "ä", "*", "--x=1"];
  const words = resumeCommand(typed, first).split("torchner train ")[1]!;
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${words}`], { encoding: "utf8" });
  expect(stdout.split("\0").slice(0, typed.length)).toEqual(typed);
});
