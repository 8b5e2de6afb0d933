import type { NativeTensor } from "../native/types.ts";

/**
 * A handle on a tensor that lives in libtorch: a loss, logits, a norm. Every operation is queued and resolves in
 * order. Free it with `dispose()`, with `using`, or leave it to the collector.
 */
export type Tensor = NativeTensor & Disposable;
