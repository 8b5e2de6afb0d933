import { TorchnerError } from "../native/errors.ts";
import {
  describeFaults,
  type Fault,
  type GivenOptions,
  readOptions,
  type Spell,
  spellings,
  withDefaults,
} from "./check_options.ts";
import { type OptionTable, snakeCase, type Values } from "./option_types.ts";
import { type TrainingOptions, trainingOptions } from "./options.ts";

type TrainingValues = Values<typeof trainingOptions>;

export interface TrainingArguments extends TrainingValues {}

/**
 * How to train, with transformers' names and defaults: every entry of `trainingOptions` as a read-only
 * camelCase field. `device`, `threads` and `numerics` are undefined unless given: the model's own hold then.
 *
 * Values that follow from others are filled in as transformers does: `evalSteps` from `loggingSteps`,
 * `metricForBestModel` is "loss" when the best model is asked for, and `greaterIsBetter` follows its name.
 *
 * @throws {TorchnerError} `EARG` with every unknown key, wrong value and impossible combination at once.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the fields come from the options table alone, and the constructor assigns every one
export class TrainingArguments {
  constructor(options: TrainingOptions = {}) {
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
      throw new TorchnerError(
        "EARG",
        'TrainingArguments takes one object of options, e.g. { outputDir: "out" }',
      );
    }
    const { given, faults } = readOptions(trainingOptions, Object.entries(options), spellings.typescript);
    faults.push(...combinationFaults(given, spellings.typescript));
    if (faults.length > 0) throw new TorchnerError("EARG", `TrainingArguments: ${describeFaults(faults)}`);
    Object.assign(this, resolveDependents(withDefaults(trainingOptions, given) as TrainingValues));
    Object.freeze(this);
  }

  /** Updates of warmup in a run of `totalSteps`; shares are rounded up, and `warmupSteps` goes before `warmupRatio`. */
  getWarmupSteps(totalSteps: number): number {
    if (this.warmupSteps >= 1) return this.warmupSteps;
    return Math.ceil(totalSteps * (this.warmupSteps > 0 ? this.warmupSteps : this.warmupRatio));
  }

  /**
   * The options in snake_case, as `training_args.json` and configs hold them; those without a value are null. The
   * access token is left out: the file is uploaded with the model.
   */
  toJSON(): Record<string, unknown> {
    const entries = Object.entries(this).map(([key, value]) => [snakeCase(key), value ?? null] as const);
    return Object.fromEntries(entries.filter(([name]) => !isSecret(name)));
  }
}

function isSecret(name: string): boolean {
  return (trainingOptions as OptionTable)[name]?.secret === true;
}

function resolveDependents(values: TrainingValues): TrainingValues {
  const metric = values.metricForBestModel ?? (values.loadBestModelAtEnd ? "loss" : undefined);
  return {
    ...values,
    evalSteps: values.evalSteps ?? (values.evalStrategy === "steps" ? values.loggingSteps : undefined),
    metricForBestModel: metric,
    greaterIsBetter: values.greaterIsBetter ?? (metric === undefined ? undefined : !metric.endsWith("loss")),
  };
}

/**
 * Options that are right one by one and cannot work together. They are refused before any work starts: the
 * best checkpoint can only be one that was both evaluated and saved.
 */
export function combinationFaults(given: GivenOptions, spell: Spell): Fault[] {
  const values = resolveDependents(withDefaults(trainingOptions, given) as TrainingValues);
  const written = (name: string) => given.get(name)?.key ?? spell(name);
  const faults: Fault[] = [];
  const best = "load_best_model_at_end";
  if (values.loadBestModelAtEnd && values.evalStrategy === "no") {
    const text = `needs evaluation while training; set ${spell("eval_strategy")} to epoch or steps`;
    faults.push({ key: written(best), text });
  } else if (values.loadBestModelAtEnd && values.evalStrategy !== values.saveStrategy) {
    const text =
      `needs ${spell("save_strategy")} (now ${values.saveStrategy}) to be the same as ` +
      `${spell("eval_strategy")} (now ${values.evalStrategy})`;
    faults.push({ key: written(best), text });
  } else if (
    values.loadBestModelAtEnd &&
    values.evalStrategy === "steps" &&
    values.saveSteps % values.evalSteps! !== 0
  ) {
    const text =
      `needs ${spell("save_steps")} (now ${values.saveSteps}) to be a multiple of ` +
      `${spell("eval_steps")} (now ${values.evalSteps})`;
    faults.push({ key: written(best), text });
  }
  return faults;
}
