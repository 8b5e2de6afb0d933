/** What options mean for one another: values that follow from others, and those that cannot work together. */
import { getScheduler } from "../optim/scheduler.ts";
import { type Fault, type GivenOptions, type Spell, withDefaults } from "./check_options.ts";
import type { Values } from "./option_types.ts";
import { trainingOptions } from "./options.ts";

export type TrainingValues = Values<typeof trainingOptions>;

/** Every option's value: as given, by default, or as transformers fills it in from the others. */
export function resolveValues(given: GivenOptions): TrainingValues {
  const values = withDefaults(trainingOptions, given) as TrainingValues;
  const watches = values.loadBestModelAtEnd || values.lrSchedulerType === "reduce_lr_on_plateau";
  const metric = values.metricForBestModel ?? (watches ? "loss" : undefined);
  return {
    ...values,
    evalSteps: values.evalSteps ?? (values.evalStrategy === "steps" ? values.loggingSteps : undefined),
    metricForBestModel: metric,
    greaterIsBetter: values.greaterIsBetter ?? (metric === undefined ? undefined : !metric.endsWith("loss")),
  };
}

/** What is wrong with `values`, at the option that is to be named; undefined where nothing is. */
type Rule = (values: TrainingValues, spell: Spell) => { option: string; text: string } | undefined;

const evaluating = (spell: Spell) =>
  `needs evaluation while training; set ${spell("eval_strategy")} to epoch or steps`;

/** The best checkpoint can only be one that was both evaluated and saved. */
const bestModel: Rule = (values, spell) => {
  const { loadBestModelAtEnd, evalStrategy, saveStrategy, saveSteps, evalSteps } = values;
  const option = "load_best_model_at_end";
  if (!loadBestModelAtEnd) return undefined;
  if (evalStrategy === "no") return { option, text: evaluating(spell) };
  if (saveStrategy === "best") return undefined;
  if (evalStrategy !== saveStrategy) {
    const text =
      `needs ${spell("save_strategy")} (now ${saveStrategy}) to be the same as ` +
      `${spell("eval_strategy")} (now ${evalStrategy}), or best`;
    return { option, text };
  }
  if (evalStrategy !== "steps" || isMultiple(saveSteps, evalSteps!)) return undefined;
  const text =
    `needs ${spell("save_steps")} (now ${saveSteps}) to be a multiple of ` +
    `${spell("eval_steps")} (now ${evalSteps})${saveSteps < 1 === evalSteps! < 1 ? "" : ", both updates or both shares"}`;
  return { option, text };
};

/** Of whole numbers, or of shares, which are compared as millionths. */
function isMultiple(saveSteps: number, evalSteps: number): boolean {
  if (saveSteps < 1 !== evalSteps < 1) return false;
  const scale = saveSteps < 1 ? 1e6 : 1;
  return Math.round(saveSteps * scale) % Math.round(evalSteps * scale) === 0;
}

const savingTheBest: Rule = ({ saveStrategy, evalStrategy, metricForBestModel }, spell) => {
  const option = "save_strategy";
  if (saveStrategy !== "best") return undefined;
  if (evalStrategy === "no") return { option, text: `best ${evaluating(spell)}` };
  if (metricForBestModel !== undefined) return undefined;
  return { option, text: `best needs ${spell("metric_for_best_model")}, e.g. f1 or loss` };
};

const plateau: Rule = ({ lrSchedulerType, evalStrategy }, spell) => {
  if (lrSchedulerType !== "reduce_lr_on_plateau" || evalStrategy !== "no") return undefined;
  return { option: "lr_scheduler_type", text: `reduce_lr_on_plateau ${evaluating(spell)}` };
};

/** The schedule itself knows what it takes; it is made once to ask it. */
const schedule: Rule = ({ lrSchedulerType, lrSchedulerKwargs, learningRate }) => {
  try {
    getScheduler(lrSchedulerType, {
      optimizer: { lr: learningRate },
      numTrainingSteps: 1,
      schedulerSpecificKwargs: lrSchedulerKwargs,
    });
    return undefined;
  } catch (error) {
    const text = (error as Error).message.replace(/^lrSchedulerKwargs: /, "").replace(/\.$/, "");
    return { option: "lr_scheduler_kwargs", text };
  }
};

const goingOn: Rule = ({ resumeFromCheckpoint, overwriteOutputDir }, spell) => {
  const resumes = resumeFromCheckpoint !== undefined && resumeFromCheckpoint !== false;
  if (!resumes || !overwriteOutputDir) return undefined;
  const text = `goes on with a run, and ${spell("overwrite_output_dir")} replaces it; leave one out`;
  return { option: "resume_from_checkpoint", text };
};

const rules: readonly Rule[] = [bestModel, savingTheBest, plateau, schedule, goingOn];

/** Options that are right one by one and cannot work together; they are refused before any work starts. */
export function combinationFaults(given: GivenOptions, spell: Spell): Fault[] {
  const values = resolveValues(given);
  return rules.flatMap((rule) => {
    const found = rule(values, spell);
    if (!found) return [];
    return [{ key: given.get(found.option)?.key ?? spell(found.option), text: found.text }];
  });
}
