import { aggregationStrategies } from "../../pipeline/aggregation.ts";
import { type Fault, withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import { classifierOptions } from "../classifier_options.ts";
import { type Command, type Invocation, missingOption } from "../command.ts";

const options = {
  ...classifierOptions,
  text: { type: "string", group: "input", placeholder: "TEXT", help: "the text to tag" },
  file: {
    type: "string",
    group: "input",
    placeholder: "FILE",
    shownDefault: "standard input",
    help: "texts to tag, one a line",
  },
  is_split_into_words: {
    type: "bool",
    group: "input",
    default: false,
    help: "blanks part the words, and start and end count in the words joined by one blank",
  },
  aggregation_strategy: {
    type: "enum",
    group: "output",
    choices: aggregationStrategies,
    default: "simple",
    help:
      "none: one result per piece; simple: neighbouring pieces of one type together; first, average, max: words are " +
      "never parted, and their first piece, the mean of their pieces or their surest piece decides",
  },
  valid_tags: {
    type: "bool",
    group: "output",
    default: false,
    help: "only tags that may follow one another by the labels' scheme: no I- after O",
  },
  stride: {
    type: "int",
    group: "output",
    min: 0,
    shownDefault: "a quarter of a window",
    help: "pieces that the windows over a long text share",
  },
  format: {
    type: "enum",
    group: "output",
    choices: ["json", "jsonl", "conll", "text"],
    shownDefault: "text, or json with --json",
    help: "json: one document; jsonl: one array a line; conll: one word and tag a line; text: tagged sentences",
  },
} as const satisfies OptionTable;

export type PredictOptions = Values<typeof options>;

export const predict: Command = {
  name: "predict",
  summary: "Find entities in a text, in the lines of a file, or in standard input.",
  options,
  groupTitles: { input: "Input:", model: "Model:", output: "Output:" },
  examples: [
    'torchner predict --model out --text "George Washington lived in Virginia."',
    "torchner predict --model out --file sentences.txt --format conll > tagged.txt",
    "echo 'She works for Acme in Paris.' | torchner predict --model out --json",
  ],
  complete: ({ given }) => [
    ...missingOption(given, "model", "the folder or the name of a fine-tuned model"),
    ...inputFaults(given),
    ...formatFaults(given),
  ],
  async run({ given, terminal }) {
    const { predictTexts } = await import("../predict_texts.ts");
    await predictTexts(withDefaults(options, given) as PredictOptions, terminal);
    return 0;
  },
};

function inputFaults(given: Invocation["given"]): Fault[] {
  const text = given.get("text");
  const file = given.get("file");
  if (text && file) return [{ key: `${text.key} and ${file.key}`, text: "exclude each other; give one" }];
  if (text || file || !process.stdin.isTTY) return [];
  return [{ key: "--text is missing", text: "give a text, a --file, or lines on standard input" }];
}

function formatFaults(given: Invocation["given"]): Fault[] {
  const faults: Fault[] = [];
  const format = given.get("format");
  const asked = format?.value;
  if (format && asked !== "json" && given.get("json")?.value === true) {
    faults.push({
      key: format.key,
      text: `${asked} is not the one JSON document that --json asks for; leave one out`,
    });
  }
  const perWord = asked === "conll" ? ["aggregation_strategy", "stride"] : [];
  for (const name of perWord) {
    const option = given.get(name);
    if (option)
      faults.push({
        key: option.key,
        text: `has no effect with ${format!.key} conll, which tags word by word`,
      });
  }
  return faults;
}
