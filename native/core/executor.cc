#include "core/executor.h"

#include <future>
#include <utility>

#include "core/device.h"
#include "core/memory.h"

namespace torchner {

std::shared_ptr<Executor> Executor::Shared() {
  static std::mutex mutex;
  static std::weak_ptr<Executor> current;
  std::lock_guard lock(mutex);
  std::shared_ptr<Executor> executor = current.lock();
  if (!executor) {
    executor.reset(new Executor());
    current = executor;
  }
  return executor;
}

Executor::Executor() : thread_([this] { Run(); }) {}

Executor::~Executor() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Executor::Post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Executor::Drain() {
  std::promise<void> reached;
  Post([&reached] { reached.set_value(); });
  reached.get_future().wait();
}

void Executor::Run() {
  // Before any other call into libtorch: it caches for good whether CUDA's hooks were there.
  OpenCudaLibraries();
  KeepTensorMemory();
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace torchner
