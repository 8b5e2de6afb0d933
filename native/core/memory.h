#pragma once

namespace torchner {

/**
 * Lets libtorch take the memory of large CPU tensors from blocks that are kept when tensors die. A training
 * step frees as much as it allocates; given back to the system each time, those pages would be faulted in and
 * cleared anew at every step. The blocks lie in regions that ask for huge pages, and a region goes back to
 * the system once most of what is kept is of no use. Call once, before the first tensor.
 */
void KeepTensorMemory();

}  // namespace torchner
