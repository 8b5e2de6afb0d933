#include "core/memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace torchner {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kPage = 4096;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kRegion = size_t{64} << 20;
/** Smaller tensors stay with the system's allocator, which is quick at them. */
constexpr size_t kSmallest = size_t{256} << 10;

size_t RoundUp(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

/** Memory from the system on a huge page's border; null where there is none. */
char* MapRegion(size_t size) {
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* begin = static_cast<char*>(mapped);
  char* aligned = reinterpret_cast<char*>(RoundUp(reinterpret_cast<uintptr_t>(begin), kHugePage));
  const size_t before = aligned - begin;
  if (before > 0) munmap(begin, before);
  if (before < kHugePage) munmap(aligned + size, kHugePage - before);
#ifdef MADV_HUGEPAGE
  madvise(aligned, size, MADV_HUGEPAGE);
#endif
  return aligned;
}

/** Best fit with neighbours joined when they are free. Not for several threads at once. */
class BlockPool {
 public:
  /** Null where the system has no memory left. */
  void* Take(size_t wanted) {
    const size_t size = RoundUp(wanted, kLine);
    auto fit = free_.lower_bound({size, nullptr});
    if (fit == free_.end()) {
      if (!AddRegion(RoundUp(std::max(size, kRegion), kHugePage))) return nullptr;
      fit = free_.lower_bound({size, nullptr});
    }
    char* begin = fit->second;
    Block& block = blocks_.at(begin);
    free_.erase(fit);
    block.is_free = false;
    if (block.size > size) {
      AddFree(begin + size, {block.size - size, block.region, true});
      block.size = size;
    }
    used_ += size;
    return begin;
  }

  /** False where the pool does not know the address. */
  bool Give(void* data) {
    auto block = blocks_.find(static_cast<char*>(data));
    if (block == blocks_.end()) return false;
    used_ -= block->second.size;
    block->second.is_free = true;
    if (const auto next = std::next(block); JoinsWith(next, block)) {
      free_.erase({next->second.size, next->first});
      block->second.size += next->second.size;
      blocks_.erase(next);
    }
    if (block != blocks_.begin()) {
      if (const auto previous = std::prev(block); JoinsWith(previous, block)) {
        free_.erase({previous->second.size, previous->first});
        previous->second.size += block->second.size;
        blocks_.erase(block);
        block = previous;
      }
    }
    free_.insert({block->second.size, block->first});
    ReleaseRegions();
    return true;
  }

  void ReleasePages() {
    for (const auto& [size, begin] : free_) {
      const uintptr_t first = RoundUp(reinterpret_cast<uintptr_t>(begin), kPage);
      const uintptr_t end = (reinterpret_cast<uintptr_t>(begin) + size) / kPage * kPage;
      if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
    }
  }

 private:
  struct Block {
    size_t size;
    /** The region's first address. */
    char* region;
    bool is_free;
  };
  using Blocks = std::map<char*, Block>;

  void AddFree(char* begin, const Block& block) {
    blocks_.emplace(begin, block);
    free_.insert({block.size, begin});
  }

  bool AddRegion(size_t size) {
    char* begin = MapRegion(size);
    if (!begin) return false;
    regions_.emplace(begin, size);
    mapped_ += size;
    AddFree(begin, {size, begin, true});
    return true;
  }

  bool JoinsWith(Blocks::iterator neighbour, Blocks::iterator block) const {
    return neighbour != blocks_.end() && neighbour->second.is_free &&
           neighbour->second.region == block->second.region;
  }

  /** Gives regions that are one free block back, while more than half of the pool is free. */
  void ReleaseRegions() {
    for (auto region = regions_.begin(); region != regions_.end() && mapped_ >= 2 * used_ + kRegion;) {
      const auto [begin, size] = *region;
      const auto block = blocks_.find(begin);
      if (!block->second.is_free || block->second.size != size) {
        ++region;
        continue;
      }
      free_.erase({size, begin});
      blocks_.erase(block);
      munmap(begin, size);
      mapped_ -= size;
      region = regions_.erase(region);
    }
  }

  /** All blocks by address, and the free ones by size. */
  Blocks blocks_;
  std::set<std::pair<size_t, char*>> free_;
  std::map<char*, size_t> regions_;
  size_t used_ = 0, mapped_ = 0;
};

struct SharedPool {
  std::mutex mutex;
  BlockPool blocks;
};

/** Never destroyed: tensors may outlive everything at the end of the process. */
SharedPool& Pool() {
  static SharedPool& pool = *new SharedPool;
  return pool;
}

void Free(void* data) {
  if (!data) return;
  {
    std::lock_guard lock(Pool().mutex);
    if (Pool().blocks.Give(data)) return;
  }
  c10::free_cpu(data);
}

class KeepingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    void* data = nullptr;
    if (size >= kSmallest) {
      std::lock_guard lock(Pool().mutex);
      data = Pool().blocks.Take(size);
    }
    // Where the pool has nothing libtorch's own way is tried, whose error names the size.
    if (!data) data = c10::alloc_cpu(size);
    return {data, data, &Free, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }
};

}  // namespace

void KeepTensorMemory() {
  static KeepingAllocator& allocator = *new KeepingAllocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/1);
}

void ReleaseUnusedTensorMemory() {
  std::lock_guard lock(Pool().mutex);
  Pool().blocks.ReleasePages();
}

}  // namespace torchner
