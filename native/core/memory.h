#pragma once

namespace torchner {

/**
 * Lets libtorch take the memory of large CPU tensors from blocks that are kept when tensors die. A training
 * step frees as much as it allocates; given back to the system each time, those pages would be faulted in and
 * cleared anew at every step. The blocks lie in regions that ask for huge pages; while more than half of
 * what is kept is of no use, regions without a tensor go back to the system. Call once, before the first
 * tensor.
 */
void KeepTensorMemory();

/** Gives the pages of all blocks without a tensor back to the system, also where others lie beside them. */
void ReleaseUnusedTensorMemory();

}  // namespace torchner
