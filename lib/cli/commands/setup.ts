import { withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import type { Command } from "../command.ts";

const options = {
  libtorch: {
    type: "string",
    group: "setup",
    placeholder: "DIR",
    help: "build with this libtorch (a folder with include and lib) and look no further",
  },
  cuda: {
    type: "bool",
    group: "setup",
    default: false,
    help: "take a libtorch that can compute on NVIDIA GPUs",
  },
  jobs: {
    type: "int",
    group: "setup",
    min: 1,
    shownDefault: "by cores and memory",
    help: "compilations at a time",
  },
} as const satisfies OptionTable;

export const setup: Command = {
  name: "setup",
  summary: "Find or fetch libtorch and build the native addon; does nothing that is done.",
  options,
  groupTitles: { setup: "Options:" },
  examples: ["torchner setup", "torchner setup --libtorch /opt/libtorch --jobs 4"],
  async run({ given, terminal }) {
    const { libtorch, cuda, jobs } = withDefaults(options, given) as Values<typeof options>;
    const { setup: build } = await import("../../../third_party/setup.mjs");
    const result = await build({
      libtorch,
      cuda,
      jobs,
      quiet: terminal.quiet,
      log: (line) => terminal.note(line),
    });
    terminal.document(result);
    const { version, path } = result.libtorch;
    const done = result.done.length > 0 ? `Done: ${result.done.join(", ")}.` : "Everything was there.";
    terminal.result(`${done} libtorch ${version} (${path}); addon ${result.addon}`);
    terminal.result("Check it with: torchner doctor");
    return 0;
  },
};
