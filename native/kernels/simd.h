#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

/**
 * Vectors of TORCHNER_VECTOR_BYTES bytes by the compilers' own vector types, which GCC and Clang turn into
 * whatever instruction set the file is compiled for. Everything lies in the namespace of that set
 * (TORCHNER_ISA), so that no function compiled for one CPU is ever linked in place of another's.
 */
namespace torchner::kernels::TORCHNER_ISA {

using Vec = float __attribute__((vector_size(TORCHNER_VECTOR_BYTES)));
using Ints = int32_t __attribute__((vector_size(TORCHNER_VECTOR_BYTES)));
using Words = uint32_t __attribute__((vector_size(TORCHNER_VECTOR_BYTES)));
constexpr int kLanes = TORCHNER_VECTOR_BYTES / 4;

#define TORCHNER_INLINE static inline __attribute__((always_inline))
#define TORCHNER_MEMBER inline __attribute__((always_inline))

/** Not std::min, of which a copy compiled for one CPU could be linked for all. */
TORCHNER_INLINE int64_t Least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

TORCHNER_INLINE Vec Load(const float* from) {
  Vec v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

TORCHNER_INLINE void Store(float* to, Vec v) {
  std::memcpy(to, &v, sizeof(v));
}

TORCHNER_INLINE Vec All(float x) {
#if TORCHNER_VECTOR_BYTES == 64
  return Vec{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif TORCHNER_VECTOR_BYTES == 32
  return Vec{x, x, x, x, x, x, x, x};
#else
  return Vec{x, x, x, x};
#endif
}

TORCHNER_INLINE Words AllWords(uint32_t x) {
  return Words{} + x;
}

/** The first `count` lanes from memory, the others `rest`. */
TORCHNER_INLINE Vec LoadSome(const float* from, int64_t count, float rest = 0.0f) {
  Vec v = All(rest);
  std::memcpy(&v, from, static_cast<size_t>(count) * sizeof(float));
  return v;
}

TORCHNER_INLINE void StoreSome(float* to, Vec v, int64_t count) {
  std::memcpy(to, &v, static_cast<size_t>(count) * sizeof(float));
}

/** A NaN in a is dropped, one in b stays. */
TORCHNER_INLINE Vec Max(Vec a, Vec b) {
  return a > b ? a : b;
}

TORCHNER_INLINE Vec Min(Vec a, Vec b) {
  return a < b ? a : b;
}

TORCHNER_INLINE Vec Abs(Vec a) {
  return (Vec)((Ints)a & 0x7fffffff);
}

TORCHNER_INLINE Vec Sqrt(Vec a) {
  Vec root;
  for (int i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(a[i]);
  return root;
}

/** By halves, so that the sum has the same shape for every row length. */
TORCHNER_INLINE float Sum(Vec a) {
  float lanes[kLanes];
  std::memcpy(lanes, &a, sizeof(a));
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

TORCHNER_INLINE float Largest(Vec a) {
  float lanes[kLanes];
  std::memcpy(lanes, &a, sizeof(a));
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
  }
  return lanes[0];
}

/**
 * e^x within 2 units in the last place; below -87.3, the least normal number's neighbourhood, it stays there.
 * NaN stays NaN.
 * x = n ln 2 + r with |r| <= ln 2 / 2; the polynomial is Cephes's expf.
 */
TORCHNER_INLINE Vec Exp(Vec given) {
  const Vec x = Min(Max(given, All(-87.33f)), All(88.3f));
  // Adding 1.5 * 2^23 rounds to a whole number.
  const Vec n = (x * All(1.44269504f) + All(12582912.0f)) - All(12582912.0f);
  const Vec r = (x - n * All(0.693359375f)) + n * All(2.12194440e-4f);
  Vec p = All(1.9875691500e-4f);
  p = p * r + All(1.3981999507e-3f);
  p = p * r + All(8.3334519073e-3f);
  p = p * r + All(4.1665795894e-2f);
  p = p * r + All(1.6666665459e-1f);
  p = p * r + All(5.0000001201e-1f);
  p = p * (r * r) + (r + All(1.0f));
  const Ints power = (__builtin_convertvector(n, Ints) + 127) << 23;
  return given == given ? p * (Vec)power : given;
}

}  // namespace torchner::kernels::TORCHNER_ISA
