/**
 * Preloaded under ThreadSanitizer. libgomp starts and ends its parallel regions by futexes that the sanitizer
 * does not see, so it would call every loop a race with the code around it. This tells it what holds for each
 * region: what came before it happens before its threads, and these before what comes after. Threads of one
 * region stay unordered, so that their races are seen.
 */
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

namespace {

using Body = void (*)(void*);
using Parallel = void (*)(Body, void*, unsigned threads, unsigned flags);

struct Region {
  Body body;
  void* data;
};

void RunBody(void* pointer) {
  __tsan_acquire(pointer);
  const Region& region = *static_cast<Region*>(pointer);
  region.body(region.data);
  __tsan_release(pointer);
}

/** By its name, since it comes with the addon and not with the program. */
Parallel LibgompsOwn() {
  return reinterpret_cast<Parallel>(dlsym(dlopen("libgomp.so.1", RTLD_NOW | RTLD_NOLOAD), "GOMP_parallel"));
}

}  // namespace

extern "C" [[gnu::visibility("default")]] void GOMP_parallel(Body body, void* data, unsigned threads,
                                                             unsigned flags) {
  static const Parallel parallel = LibgompsOwn();
  Region region{body, data};
  __tsan_release(&region);
  parallel(&RunBody, &region, threads, flags);
  __tsan_acquire(&region);
}
