// The most multiply-adds a second that all threads do on registers alone: `fma_peak THREADS SECONDS` prints
// GFLOP/s in float32, and in bfloat16 where the CPU has an instruction for it (0 elsewhere). No product of
// matrices gets over it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

namespace {

using Clock = std::chrono::steady_clock;

#ifdef __AVX512F__
constexpr int kBytes = 64;
#else
constexpr int kBytes = 32;
#endif
typedef float Vector __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / sizeof(float);
// Enough chains to hide the latency of two units, few enough to stay in registers (16 of them before
// AVX-512).
constexpr int kChains = kBytes == 64 ? 24 : 12;
constexpr int kRounds = 20000;

struct Float32 {
  static constexpr double kFlops = 2.0 * kLanes;
  static void Run(Vector* sums) {
    Vector factor = Vector{} + 1.0f, term = Vector{} + 0.5f;
    for (int round = 0; round < kRounds; ++round) {
      asm volatile("" : "+x"(factor), "+x"(term));  // else the compiler would fold the rounds into one
#pragma GCC unroll 24
      for (int i = 0; i < kChains; ++i) sums[i] = factor * sums[i] + term;
    }
  }
};

#ifdef __AVX512BF16__
struct BFloat16 {
  static constexpr double kFlops = 4.0 * kLanes;
  static void Run(Vector* sums) {
    __m512i ones = _mm512_set1_epi32(0x3f803f80);
    for (int round = 0; round < kRounds; ++round) {
      asm volatile("" : "+x"(ones));
#pragma GCC unroll 24
      for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)ones, (__m512bh)ones);
    }
  }
};
#endif

template <typename Kind>
double Measure(int threads, double seconds) {
  std::vector<double> rates(threads);
  const auto work = [&](int thread) {
    Vector sums[kChains] = {};
    long calls = 0;
    const auto start = Clock::now();
    double spent = 0;
    do {
      Kind::Run(sums);
      ++calls;
      spent = std::chrono::duration<double>(Clock::now() - start).count();
    } while (spent < seconds);
    volatile float kept = 0;
    for (const Vector& sum : sums) kept = kept + sum[0];
    rates[thread] = Kind::kFlops * kChains * kRounds * calls / spent / 1e9;
  };
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i) pool.emplace_back(work, i);
  work(0);
  for (auto& thread : pool) thread.join();
  double total = 0;
  for (double rate : rates) total += rate;
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int threads = std::atoi(argv[1]);
  const double seconds = std::atof(argv[2]);
  const double float32 = Measure<Float32>(threads, seconds);
#ifdef __AVX512BF16__
  const double bfloat16 = Measure<BFloat16>(threads, seconds);
#else
  const double bfloat16 = 0;
#endif
  std::printf("%.1f %.1f\n", float32, bfloat16);
}
