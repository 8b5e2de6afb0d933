import { checkCount } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { describeFaults, readOptions, spellings } from "./check_options.ts";
import { combinationFaults, resolveValues, type TrainingValues } from "./combinations.ts";
import { camelCase, snakeCase } from "./option_types.ts";
import { type TrainingOptions, trainingOptions } from "./options.ts";

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
  readonly #given: ReadonlySet<string>;

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
    Object.assign(this, resolveValues(given));
    this.#given = new Set([...given.keys()].map(camelCase));
    Object.freeze(this);
  }

  /** Whether an option was given; the others have their defaults. */
  isGiven(option: keyof TrainingValues): boolean {
    return this.#given.has(option);
  }

  /** Updates of warmup in a run of `totalSteps`; shares are rounded up, and `warmupSteps` goes before `warmupRatio`. */
  getWarmupSteps(totalSteps: number): number {
    checkCount("totalSteps", totalSteps);
    if (this.warmupSteps >= 1) return this.warmupSteps;
    return Math.ceil(totalSteps * (this.warmupSteps > 0 ? this.warmupSteps : this.warmupRatio));
  }

  /** Updates between logs, evaluations and saves in a run of `totalSteps`; shares are rounded up. */
  getIntervals(totalSteps: number): Pick<TrainingValues, "loggingSteps" | "evalSteps" | "saveSteps"> {
    checkCount("totalSteps", totalSteps);
    const whole = (steps: number) => (steps < 1 ? Math.ceil(totalSteps * steps) : steps);
    const { loggingSteps, evalSteps, saveSteps } = this;
    return {
      loggingSteps: whole(loggingSteps),
      evalSteps: evalSteps === undefined ? undefined : whole(evalSteps),
      saveSteps: whole(saveSteps),
    };
  }

  /** The options in snake_case, as `training_args.json` and configs hold them; those without a value are null. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).map(([key, value]) => [snakeCase(key), value ?? null]));
  }
}
