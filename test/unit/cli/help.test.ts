import { train } from "../../../lib/cli/commands/train.ts";
import { commandHelp } from "../../../lib/cli/help.ts";

test("a command's help has its descriptions in one column, with the choices of every option", () => {
  const help = commandHelp(train);
  const [options] = help.split("\nExamples:\n");
  const flags = options!.split("\n").filter((line) => line.startsWith("  --"));
  const beside = /^ {2}--.{32} {2}\S/;
  const above = /^ {2}--\S+( <\S+>)?$/;
  expect(flags.filter((line) => !beside.test(line) && !above.test(line))).toEqual([]);
  const words = options!.replace(/\s+/g, " ");
  expect(words).toContain(
    "--lr-scheduler-type <NAME> how the learning rate moves after the warmup: linear, cosine,",
  );
  expect(words).toContain("--label-strategy <first|all|all-b-to-i> which pieces of a word carry its label;");
});
