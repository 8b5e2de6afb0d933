import cliProgress from "cli-progress";
import type { TrainingArguments } from "../training/arguments.ts";
import { evalKey, isBetter } from "../training/best.ts";
import type { LogRow, TrainerState } from "../training/state.ts";
import type { TrainerCallback } from "./callback.ts";
import { checkOutput, formatNumber } from "./printer.ts";
import { evaluationColumns, type Pace, paceText, tableHead, tableRow } from "./progress_text.ts";

/** Any text stream; a terminal where `isTTY` says so. */
type Output = { write(text: string): unknown; isTTY?: boolean };

/** Where the display goes: a bar that is redrawn, with lines above it; or the lines alone. */
interface Display {
  line(text: string): void;
  show(step: number, epoch: string, text: string): void;
  stop(): void;
}

/**
 * The default display of a run, on standard error: a bar with loss, tokens per second and the time left on a
 * terminal, one line per log elsewhere; and a table that grows by one row with each evaluation.
 * @throws {TorchnerError} `EARG` for an `out` that cannot be written to.
 */
export function progress(out: Output = process.stderr): TrainerCallback {
  checkOutput("progress", out);
  let display: Display | undefined;
  let columns: string[] = [];
  let pace: Pace = { step: 0, maxSteps: 0, tokens: 0, seconds: 0 };
  let stepBegan = 0;

  const stop = () => {
    display?.stop();
    display = undefined;
  };
  return {
    name: "progress",
    onTrainBegin(_args, state) {
      stop(); // a run that never said its end would go on drawing
      pace = { step: 0, maxSteps: state.maxSteps, tokens: 0, seconds: 0 };
      columns = [];
      display = out.isTTY ? barOn(out, state) : linesOn(out);
    },
    onStepBegin() {
      stepBegan = performance.now();
    },
    onStepEnd(_args, state, _control, { tokens = 0 }) {
      pace.step = state.globalStep;
      pace.tokens += tokens;
      pace.seconds += (performance.now() - stepBegan) / 1000;
      display?.show(pace.step, epochText(state), paceText(pace));
    },
    onLog(_args, state, _control, { logs = {} }) {
      if (typeof logs.loss !== "number") return;
      pace.loss = logs.loss;
      if (out.isTTY || !display) return;
      const rate = `lr ${formatNumber(Number(logs.learning_rate))}`;
      display.line(
        `step ${pace.step}/${pace.maxSteps}  epoch ${epochText(state)}  ${rate}  ${paceText(pace)}`,
      );
    },
    onPredictionStep(_args, state, _control, { batch, batches }) {
      display?.show(pace.step, epochText(state), `evaluating ${batch}/${batches}`);
    },
    onEvaluate(args, state, _control, { metrics = {} }) {
      if (!display) return;
      if (columns.length === 0) {
        columns = evaluationColumns(metrics);
        display.line(tableHead(columns));
      }
      const best = isBest(args, state, metrics);
      display.line(tableRow(columns, { metrics, step: state.globalStep, trainLoss: pace.loss, best }));
    },
    onTrainEnd: stop,
    onTrainFailed: stop,
  };
}

/** Whether this evaluation is about to become the best one; the state still has the best of those before. */
function isBest(args: TrainingArguments, state: TrainerState, metrics: LogRow): boolean {
  if (args.metricForBestModel === undefined) return false;
  const value = metrics[evalKey(args.metricForBestModel)];
  return typeof value === "number" && isBetter(value, state.bestMetric, args.greaterIsBetter ?? false);
}

function epochText(state: TrainerState): string {
  return `${Math.max(1, Math.ceil(state.epoch))}/${state.numTrainEpochs}`;
}

function linesOn(out: Output): Display {
  return { line: (text) => void out.write(`${text}\n`), show: () => undefined, stop: () => undefined };
}

function barOn(out: Output, state: TrainerState): Display {
  const bars = new cliProgress.MultiBar({
    stream: out as NodeJS.WritableStream,
    format: "epoch {epoch} {bar} {percentage}%  {value}/{total}  {text}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: false,
    fps: 10,
  });
  const bar = bars.create(state.maxSteps, 0, { epoch: epochText(state), text: "" });
  return {
    line: (text) => bars.log(`${text}\n`),
    show: (step, epoch, text) => bar.update(step, { epoch, text }),
    stop() {
      bars.update(); // draws the lines that wait for the next frame; stopping would drop them
      bars.stop();
    },
  };
}
