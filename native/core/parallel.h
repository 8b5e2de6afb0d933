#pragma once

#include <cstdint>
#include <functional>

namespace torchner {

/**
 * Runs task(0) .. task(count - 1) on libtorch's threads, each thread taking the next one that is left. Which
 * thread runs a task is chance, so no result may depend on it. The first error of a task comes out of here.
 */
void ParallelTasks(int64_t count, const std::function<void(int64_t task)>& task);

/** Cuts [0, count) into ranges of `grain` (the last may be shorter) and runs them as tasks. */
void ParallelRanges(int64_t count, int64_t grain,
                    const std::function<void(int64_t begin, int64_t end)>& work);

/** Space for this many floats on a cache line's border; it is the calling thread's until it asks again. */
float* ThreadScratch(int64_t floats);

}  // namespace torchner
