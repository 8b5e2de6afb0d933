/** Which columns of a table hold words and tags, where nobody has said so. */
import { nearestNames } from "../messages/suggest.ts";
import { TorchnerError } from "../native/errors.ts";

/** Names that tables in use give their columns, the surest first. */
const textNames = ["tokens", "words", "word", "token", "text", "sentence"];
const labelNames = ["ner_tags", "tags", "tag", "labels", "label", "ner", "ner_tag", "word_labels"];

/** Whether cells are names of columns of words and of tags; a word `word` with the tag `tag` is hardly data. */
export function isHeader(cells: readonly string[]): boolean {
  const plain = cells.map((cell) => cell.trim().toLowerCase());
  return [textNames, labelNames].every((usual) => plain.some((cell) => usual.includes(cell)));
}

export interface Columns {
  text: string;
  /** Undefined: the file has no tags. */
  label?: string;
}

export interface AskedColumns {
  textColumn?: string;
  labelColumn?: string;
  labels?: "required" | "optional";
}

/**
 * The columns that were named, else those with a usual name, else (of exactly two) the first and the second, as run_ner
 * takes them: never one for both.
 * @throws {TorchnerError} `EDATA` that lists the columns and asks which they are.
 */
export function chooseColumns(names: readonly string[], asked: AskedColumns, place: string): Columns {
  const find = (wanted: string | undefined, usual: readonly string[], what: "text" | "label") => {
    if (wanted !== undefined) return named(names, wanted, what, place);
    const plain = names.map((name) => name.trim().toLowerCase());
    const found = usual.map((name) => plain.indexOf(name)).find((at) => at >= 0);
    return found === undefined ? undefined : names[found];
  };
  const byOrder = names.length === 2 && asked.textColumn === undefined && asked.labelColumn === undefined;
  const found = {
    text: find(asked.textColumn, textNames, "text"),
    label: find(asked.labelColumn, labelNames, "label"),
  };
  const text = found.text ?? (byOrder && found.label !== names[0] ? names[0] : undefined);
  const label = found.label ?? (byOrder && found.text !== names[1] ? names[1] : undefined);
  if (text === undefined) throw which("words", "text", names, place);
  if (label === undefined && asked.labels !== "optional") throw which("tags", "label", names, place);
  if (label === text) {
    throw new TorchnerError(
      "EDATA",
      `${place}: column ${text} would hold both words and tags; name the other one with textColumn or labelColumn ` +
        "(--text-column-name, --label-column-name).",
    );
  }
  for (const chosen of [text, label]) {
    if (names.indexOf(chosen!) === names.lastIndexOf(chosen!)) continue;
    throw new TorchnerError("EDATA", `${place}: two columns are called ${chosen}; give one another name.`);
  }
  return label === undefined ? { text } : { text, label };
}

function named(names: readonly string[], wanted: string, what: string, place: string): string {
  const index = /^-?\d+$/.test(wanted) ? names.at(Number(wanted)) : undefined;
  const found = names.includes(wanted) ? wanted : index;
  if (found !== undefined) return found;
  const [near] = nearestNames(wanted, names);
  throw new TorchnerError(
    "EDATA",
    `${place}: no column ${wanted}; ${near ? `did you mean ${near}?` : `the columns are ${names.join(", ")}.`} ` +
      `Name it with ${what}Column (--${what}-column-name).`,
  );
}

function which(cells: string, what: string, names: readonly string[], place: string): TorchnerError {
  return new TorchnerError(
    "EDATA",
    `${place}: which column holds the ${cells}? The columns are ${names.join(", ")}; ` +
      `name it with ${what}Column (--${what}-column-name).`,
  );
}
