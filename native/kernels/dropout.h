#pragma once

#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace torchner::kernels::TORCHNER_ISA {

TORCHNER_INLINE Words Rotate(Words x, int by) {
  return (x << by) | (x >> (32 - by));
}

/** Threefry2x32 with 20 rounds: scrambles the counters (x0, x1) by the key. */
TORCHNER_INLINE void Threefry(const uint32_t (&key)[2], Words& x0, Words& x1) {
  constexpr int kRotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  const uint32_t keys[3] = {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
  x0 += keys[0];
  x1 += keys[1];
#pragma GCC unroll 5
  for (uint32_t part = 0; part < 5; ++part) {
#pragma GCC unroll 4
    for (int round = 0; round < 4; ++round) {
      x0 += x1;
      x1 = Rotate(x1, kRotations[part & 1][round]) ^ x0;
    }
    x0 += keys[(part + 1) % 3];
    x1 += keys[(part + 2) % 3] + part + 1;
  }
}

/**
 * The factors of one group of 64 elements, 0 or `scale`. Counter 16 group + lane gives four elements that lie
 * 16 apart, so that vectors of 4, 8 and 16 lanes draw the same.
 */
TORCHNER_INLINE void GroupFactors(const Dropout& dropout, uint32_t group, float* factors) {
  Words lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<uint32_t>(i);
  const Ints threshold = (Ints)AllWords(dropout.threshold);
  const Vec scale = All(dropout.scale), zero = All(0.0f);
  for (int from = 0; from < 16; from += kLanes) {
    Words x0 = lane + (group * 16 + static_cast<uint32_t>(from)), x1 = AllWords(dropout.stream);
    Threefry(dropout.key, x0, x1);
    const Words draws[4] = {x0 & 0xffffu, x0 >> 16, x1 & 0xffffu, x1 >> 16};
    for (int i = 0; i < 4; ++i) Store(factors + 16 * i + from, (Ints)draws[i] >= threshold ? scale : zero);
  }
}

/** The factors of `columns` elements whose first group is `group`; room for whole groups is needed. */
TORCHNER_INLINE void RowFactors(const Dropout& dropout, int64_t group, int64_t columns, float* factors) {
  for (int64_t i = 0; i < columns; i += kDropoutGroup) {
    GroupFactors(dropout, static_cast<uint32_t>(group + i / kDropoutGroup), factors + i);
  }
}

static void DropRows(const Drop& work, int64_t begin, int64_t end) {
  const int64_t groups = DropoutGroups(work.columns);
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    for (int64_t i = 0; i < work.columns; i += kDropoutGroup) {
      float factors[kDropoutGroup];
      GroupFactors(work.dropout, static_cast<uint32_t>(r * groups + i / kDropoutGroup), factors);
      const int64_t count = work.columns - i < kDropoutGroup ? work.columns - i : kDropoutGroup;
      for (int64_t j = 0; j < count; ++j) x[i + j] *= factors[j];
    }
  }
}

}  // namespace torchner::kernels::TORCHNER_ISA
