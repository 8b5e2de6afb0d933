import type { Check } from "../../../third_party/setup.mjs";
import type { RuntimeInfo } from "../../native/types.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit_codes.ts";
import { failureOf } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/** Without these nothing runs; the other checks of the machine matter only when the addon is built again. */
const neededToRun = new Set(["node", "cache folder"]);

export const doctor: Command = {
  name: "doctor",
  summary: "Check the machine, libtorch, the addon and the cache, and train one step on a tiny model.",
  options: {},
  groupTitles: {},
  examples: ["torchner doctor", "torchner doctor --json"],
  async run({ terminal }) {
    const { inspect } = await import("../../../third_party/setup.mjs");
    const machine = await inspect();
    const native = await checkNative();
    const failed = [...machine.filter(({ name }) => neededToRun.has(name)), ...native].filter(
      ({ ok }) => !ok,
    );
    const checks = [...machine, ...native];
    report(terminal, checks, failed.length > 0);
    const message = failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    terminal.document({
      ok: failed.length === 0,
      checks,
      ...(failed.length > 0 && { error: { code: "EENV", message } }),
    });
    return failed.length > 0 ? exitCodes.EENV : 0;
  },
};

function report(terminal: Terminal, checks: readonly Check[], broken: boolean): void {
  const { paint } = terminal;
  for (const { name, ok, detail, remedy } of checks) {
    terminal.result(`${ok ? paint("green", "✔") : paint("red", "✘")} ${name}: ${detail}`);
    if (!ok && remedy) terminal.result(`    ${paint("dim", `fix: ${remedy}`)}`);
  }
  const lame = checks.some(({ ok }) => !ok);
  if (broken) terminal.result(paint("red", "torchner cannot work here yet."));
  else
    terminal.result(
      lame ? "torchner works; what is marked matters only for building it again." : "All is well.",
    );
}

/** What only the addon can tell; the checks after the first one that fails would say the same again. */
async function checkNative(): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const { runtimeInfo } = await import("../../model/runtime.ts");
    checks.push(...describeRuntime(await runtimeInfo()));
    checks.push(await selfTest());
  } catch (error) {
    const name = checks.length === 0 ? "addon opens" : "forward/backward self-test";
    const { message } = failureOf(error);
    checks.push({ name, ok: false, detail: message, remedy: "npx torchner setup" });
  }
  return checks;
}

function describeRuntime({
  torchVersion,
  cpuCapability,
  threads,
  matmul,
  kernels,
  cuda,
}: RuntimeInfo): Check[] {
  const matmulError = matmul.relativeError.toExponential(1);
  return [
    {
      name: "addon opens",
      ok: true,
      detail: `libtorch ${torchVersion}, ${cpuCapability}, ${threads} threads`,
    },
    { name: "kernels", ok: true, detail: kernels },
    { name: "products of libtorch", ok: true, detail: `${matmul.backend} (relative error ${matmulError})` },
    {
      name: "device",
      ok: true,
      detail: cuda.available ? cuda.devices.join(", ") : `cpu (no CUDA: ${cuda.reason ?? "none found"})`,
    },
  ];
}

/** A model of a few thousand weights, one batch, one update: the loss must be finite and the weights must move. */
async function selfTest(): Promise<Check> {
  const name = "forward/backward self-test";
  const start = performance.now();
  const { AutoModelForTokenClassification } = await import("../../model/auto.ts");
  const { AdamW } = await import("../../optim/adamw.ts");
  const config = {
    model_type: "bert",
    vocab_size: 16,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 64,
    max_position_embeddings: 16,
    type_vocab_size: 2,
    hidden_act: "gelu",
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    pad_token_id: 0,
  };
  const model = await AutoModelForTokenClassification.fromConfig(config, { labels: ["O", "B-X", "I-X"] });
  const optimizer = new AdamW(model, { lr: 1e-3 });
  try {
    const weight = async () => {
      const parameter = await model.getParameter("classifier.weight");
      const values = await parameter.toTypedArray();
      parameter.dispose();
      return values;
    };
    const before = await weight();
    const out = await model.train().forward({
      shape: [2, 4],
      inputIds: Int32Array.of(1, 5, 6, 2, 1, 7, 2, 0),
      attentionMask: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 0),
      tokenTypeIds: new Int32Array(8),
      labels: Int32Array.of(-100, 1, 2, -100, -100, 0, -100, -100),
    });
    await out.loss!.backward();
    await optimizer.step();
    const loss = await out.loss!.item();
    out.dispose();
    const after = await weight();
    const moved = after.some((value, i) => value !== before[i]) && after.every(Number.isFinite);
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    const ok = Number.isFinite(loss) && moved;
    const detail = ok ? `${seconds} s` : `loss ${loss}, weights ${moved ? "moved" : "did not move"}`;
    return { name, ok, detail, ...(!ok && { remedy: "npx torchner setup" }) };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}
