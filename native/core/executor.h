#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace torchner {

/**
 * The one thread that touches libtorch, first in first out.
 *
 * One thread for the whole process, because grad mode is thread-local, libgomp builds a team of workers per
 * calling thread, and the default generator is shared by all: two threads would mix their draws.
 * Tasks must not throw; whoever posts wraps its work.
 */
class Executor {
 public:
  /** The process's executor; started by the first holder, joined when the last one lets go. */
  static std::shared_ptr<Executor> Shared();

  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void Post(std::function<void()> task);

  /** Waits until everything posted before this call has run. Not from the executor's own thread. */
  void Drain();

 private:
  Executor();
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace torchner
