import { didYouMean } from "../messages/suggest.ts";
import { TorchnerError } from "../native/errors.ts";
import { describeFaults } from "../training/check_options.ts";
import { packageVersion } from "../training/versions.ts";
import { type Command, commonOptions } from "./command.ts";
import { dataCommands } from "./commands/data.ts";
import { doctor } from "./commands/doctor.ts";
import { evaluate } from "./commands/evaluate.ts";
import { predict } from "./commands/predict.ts";
import { score } from "./commands/score.ts";
import { setup } from "./commands/setup.ts";
import { train } from "./commands/train.ts";
import { failureOf } from "./failure.ts";
import { parseArguments } from "./parse.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

export const commands: readonly Command[] = [setup, doctor, train, evaluate, predict, score, ...dataCommands];

/**
 * Runs one command line and resolves to the exit code; it never rejects.
 * @param argv  The arguments after `torchner`.
 */
export async function run(
  argv: readonly string[],
  streams: Pick<TerminalOptions, "stdout" | "stderr"> = {},
): Promise<number> {
  // Before anything is parsed: a failure of the parsing itself must already come as JSON.
  let terminal = new Terminal({ ...streams, json: asksForJson(argv) });
  try {
    const { command, rest, asked } = findCommand(argv);
    if (asked === "version") {
      terminal.result(packageVersion());
      terminal.document({ version: packageVersion() });
      return 0;
    }
    if (asked === "help") {
      // Only help needs the library that lays it out.
      const { commandHelp, overview } = await import("./help.ts");
      const help = (command ? commandHelp(command) : overview(commands)).trimEnd();
      terminal.result(help);
      terminal.document({ help });
      return 0;
    }
    if (!command)
      throw new TorchnerError("EUSAGE", `name a command: ${commandNames().join(", ")}; see torchner --help`);
    const parsed = parseArguments(rest, { ...command.options, ...commonOptions });
    if (command.operand === undefined && parsed.operands.length > 0) {
      parsed.faults.push({ key: parsed.operands[0]!, text: "unexpected; options begin with --" });
    }
    const is = (name: string) => parsed.given.get(name)?.value === true;
    terminal = new Terminal({ ...streams, json: is("json"), quiet: is("quiet") });
    const wrong = new Set(parsed.faults.map(({ option }) => option).filter((name) => name !== undefined));
    const others = (await command.complete?.(parsed)) ?? [];
    // An option that is wrong by itself was dropped; what follows from its absence is no news.
    const faults = [...parsed.faults, ...others.filter(({ option }) => !wrong.has(option ?? ""))];
    if (faults.length > 0)
      throw new TorchnerError("EUSAGE", `${describeFaults(faults)}\n(see torchner ${command.name} --help)`);
    return await command.run({ ...parsed, typed: rest, terminal });
  } catch (error) {
    const failure = failureOf(error);
    terminal.fail(failure);
    if (process.env.TORCHNER_DEBUG === "1" && error instanceof Error) terminal.warn(`${error.stack}`);
    return failure.exit;
  }
}

interface Request {
  command?: Command;
  /** The arguments without the command's name. */
  rest: readonly string[];
  asked?: "help" | "version";
}

/** The command is the first word that is no option; `--json` and the like may stand before it. */
function findCommand(argv: readonly string[]): Request {
  const at = argv.findIndex((token) => !token.startsWith("-"));
  const before = at < 0 ? argv : argv.slice(0, at);
  const options = argv.slice(0, endOfOptions(argv));
  const asked = options.some((token) => token === "--help" || token === "-h")
    ? "help"
    : before.some((token) => token === "--version" || token === "-V")
      ? "version"
      : undefined;
  if (at < 0 || asked === "version") return { rest: argv, asked };
  const [name, ...after] = argv.slice(at);
  if (name === "help") {
    const words = [...before, ...after];
    return { command: words[0] === undefined ? undefined : named(words), rest: [], asked: "help" };
  }
  const command = named([name!, ...after]);
  const own = command.name.split(" ").length - 1;
  return { command, rest: [...before, ...after.slice(own)], asked };
}

/** A command of one word, or of two: `data inspect`. */
function named([first, second]: readonly string[]): Command {
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command) return command;
  const family = commandNames().filter((one) => one.startsWith(`${first} `));
  if (family.length > 0) {
    const near = second === undefined ? "" : didYouMean(`${first} ${second}`, family);
    throw new TorchnerError("EUSAGE", `${first}: name what to do${near || `: ${family.join(", ")}`}`);
  }
  const name = first!;
  const hint = didYouMean(name, commandNames()) || `; the commands are ${commandNames().join(", ")}`;
  throw new TorchnerError("EUSAGE", `unknown command ${name}${hint}`);
}

function commandNames(): string[] {
  return commands.map(({ name }) => name);
}

function asksForJson(argv: readonly string[]): boolean {
  return argv.slice(0, endOfOptions(argv)).some((token) => /^--json(=true)?$/.test(token));
}

function endOfOptions(argv: readonly string[]): number {
  const end = argv.indexOf("--");
  return end < 0 ? argv.length : end;
}
