#include "core/parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace torchner {
namespace {

struct FreeSpace {
  void operator()(float* space) const { std::free(space); }
};

}  // namespace

void ParallelTasks(int64_t count, const std::function<void(int64_t)>& task) {
  if (count < 1) return;
  std::atomic<int64_t> next{0};
  const int64_t threads = std::min<int64_t>(count, at::get_num_threads());
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) task(i);
  });
}

void ParallelRanges(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& work) {
  ParallelTasks((count + grain - 1) / grain,
                [&](int64_t i) { work(i * grain, std::min(count, (i + 1) * grain)); });
}

float* ThreadScratch(int64_t floats) {
  constexpr int64_t kLine = 64;
  thread_local std::unique_ptr<float, FreeSpace> space;
  thread_local int64_t size = 0;
  if (size < floats) {
    const int64_t bytes = (floats * static_cast<int64_t>(sizeof(float)) + kLine - 1) / kLine * kLine;
    size = 0;
    space.reset(static_cast<float*>(std::aligned_alloc(kLine, bytes)));
    if (!space) throw std::bad_alloc();
    size = floats;
  }
  return space.get();
}

}  // namespace torchner
