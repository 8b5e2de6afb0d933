# Turns the build into one for AddressSanitizer with UndefinedBehaviorSanitizer, or for ThreadSanitizer.
set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG -g1 -fno-omit-frame-pointer")

if(TORCHNER_SANITIZE STREQUAL "address")
  # vptr wants type information that libtorch does not export.
  set(sanitize -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  # Blocks of a pool lie side by side: an access past the end of one would go unseen.
  get_target_property(pooled torchner_core SOURCES)
  list(FILTER pooled EXCLUDE REGEX "/core/memory\\.cc$")
  set_target_properties(torchner_core PROPERTIES SOURCES "${pooled}")
  target_sources(torchner_core PRIVATE test/sanitizers/no_pool.cc)
elseif(TORCHNER_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread)
  # Not instrumented itself; the sanitizer's functions that it calls are preloaded with it.
  add_library(openmp_edges SHARED test/sanitizers/openmp_edges.cc)
  set_target_properties(openmp_edges PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/Release")
else()
  message(FATAL_ERROR "TORCHNER_SANITIZE is '${TORCHNER_SANITIZE}'; it can be address or thread")
endif()

target_compile_options(torchner_options INTERFACE ${sanitize})
target_link_options(torchner_options INTERFACE ${sanitize})
# After -O3, which takes minutes to compile for each set of kernels.
target_compile_options(torchner_kernels PRIVATE -O1)
