#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "kernels/kernels.h"
#include "kernels/simd.h"

/**
 * float32 products in the manner of GotoBLAS (Goto and van de Geijn, 2008): a panel of b, `kPanel` columns
 * wide and at most `kDepth` deep, is packed into the first-level cache, and each block of a few rows of a
 * runs through it with its part of c in registers.
 *
 * An element's sum is cut at the same depths whatever range of c is asked for, so its bits do not depend on
 * how callers cut c into tiles.
 */
namespace torchner::kernels::TORCHNER_ISA {

#if TORCHNER_VECTOR_BYTES == 64
constexpr int kMostRows = 14;  // 28 sums, two vectors of b: of 32 registers
#else
constexpr int kMostRows = 6;  // 12 sums, two vectors of b, one of a: of 16 registers
#endif
constexpr int64_t kPanel = 2 * kLanes;
constexpr int64_t kDepth = 256;
/** Rows whose packed a stays in the second-level cache. */
constexpr int64_t kPackedRows = 256;

/** Where a block of c begins from. */
enum class Start { kZero, kBias, kHeld };

struct BlockWork {
  int64_t depth;
  const float* a;
  /** Between rows of a; unused where a is packed. */
  int64_t a_stride;
  const float* panel;
  float* c;
  int64_t c_stride;
  Start start;
  const float* bias;
};

/** R rows of c, one panel wide. Packed: a lies as [depth, R]; otherwise its rows are contiguous. */
template <int R, bool packed>
static void MultiplyBlock(const BlockWork& work) {
  Vec sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    const float* from = work.start == Start::kBias ? work.bias : work.c + r * work.c_stride;
    sums[r][0] = work.start == Start::kZero ? All(0.0f) : Load(from);
    sums[r][1] = work.start == Start::kZero ? All(0.0f) : Load(from + kLanes);
  }
  const float* a = work.a;
  const float* b = work.panel;
  const int64_t a_stride = packed ? 1 : work.a_stride;
  for (int64_t k = 0; k < work.depth; ++k) {
    const Vec b0 = Load(b), b1 = Load(b + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec factor = All(a[r * a_stride]);
      sums[r][0] += factor * b0;
      sums[r][1] += factor * b1;
    }
    a += packed ? R : 1;
    b += kPanel;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    Store(work.c + r * work.c_stride, sums[r][0]);
    Store(work.c + r * work.c_stride + kLanes, sums[r][1]);
  }
}

using BlockFunction = void (*)(const BlockWork&);

template <bool packed, int... R>
constexpr std::array<BlockFunction, sizeof...(R) + 1> BlockTable(std::integer_sequence<int, R...>) {
  return {nullptr, MultiplyBlock<R + 1, packed>...};
}
constexpr auto kBlocks = BlockTable<false>(std::make_integer_sequence<int, kMostRows>());
constexpr auto kPackedBlocks = BlockTable<true>(std::make_integer_sequence<int, kMostRows>());

/** Lanes l of a and b where bit `step` of l is clear, or set, brought together: one stage of a transposition.
 */
template <int step, size_t... l>
TORCHNER_INLINE void Exchange(Vec& a, Vec& b, std::index_sequence<l...>) {
  const Vec first = a, second = b;
#if defined(__clang__)
  a = __builtin_shufflevector(first, second, ((l & step) == 0 ? l : l - step + kLanes)...);
  b = __builtin_shufflevector(first, second, ((l & step) == 0 ? l + step : l + kLanes)...);
#else
  a = __builtin_shuffle(first, second, Ints{((l & step) == 0 ? int(l) : int(l) - step + kLanes)...});
  b = __builtin_shuffle(first, second, Ints{((l & step) == 0 ? int(l) + step : int(l) + kLanes)...});
#endif
}

template <int step>
TORCHNER_INLINE void TransposeStage(Vec (&rows)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i & step) == 0) Exchange<step>(rows[i], rows[i + step], std::make_index_sequence<kLanes>());
  }
  if constexpr (step > 1) TransposeStage<step / 2>(rows);
}

/** to[i * to_stride + j] = from[j * from_stride + i], a square of kLanes; of `present` rows, the others zero.
 */
TORCHNER_INLINE void TransposeSquare(const float* from, int64_t from_stride, int64_t present, float* to,
                                     int64_t to_stride) {
  Vec rows[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) rows[i] = i < present ? Load(from + i * from_stride) : All(0.0f);
  TransposeStage<kLanes / 2>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) Store(to + i * to_stride, rows[i]);
}

/** From b's columns, each contiguous. */
static void PackColumns(const float* from, int64_t stride, int64_t depth, int64_t width, float* panel) {
  int64_t done = 0;
  for (; done + kLanes <= depth; done += kLanes) {
    float* to = panel + done * kPanel;
    if (width == kPanel) {
      TransposeSquare(from + done, stride, kLanes, to, kPanel);
      TransposeSquare(from + kLanes * stride + done, stride, kLanes, to + kLanes, kPanel);
      continue;
    }
    TransposeSquare(from + done, stride, width, to, kPanel);
    TransposeSquare(from + kLanes * stride + done, stride, width - kLanes, to + kLanes, kPanel);
  }
  for (int64_t i = done; i < depth; ++i) {
    for (int64_t j = 0; j < kPanel; ++j) panel[i * kPanel + j] = j < width ? from[j * stride + i] : 0.0f;
  }
}

/** From b's rows, each contiguous. */
static void PackRowsOfPanel(const float* from, int64_t stride, int64_t depth, int64_t width, float* panel) {
  for (int64_t i = 0; i < depth; ++i, from += stride, panel += kPanel) {
    if (width == kPanel) {
      Store(panel, Load(from));
      Store(panel + kLanes, Load(from + kLanes));
    } else {
      for (int64_t j = 0; j < kPanel; ++j) panel[j] = j < width ? from[j] : 0.0f;
    }
  }
}

/** Rows k .. k + depth of b, `width` <= kPanel columns from n on, as [depth, kPanel] with zeros beyond. */
static void PackPanel(const Operand& b, int64_t k, int64_t depth, int64_t n, int64_t width, float* panel) {
  const float* from = b.data + k * b.row + n * b.column;
  if (b.column == 1) {
    PackRowsOfPanel(from, b.row, depth, width, panel);
  } else {
    PackColumns(from, b.column, depth, width, panel);
  }
}

/** Rows of c are cut into blocks of nearly the same height. */
struct RowBlocks {
  int64_t rows, count;
  explicit RowBlocks(int64_t all) : rows(all), count((all + kMostRows - 1) / kMostRows) {}
  int64_t First(int64_t block) const { return rows * block / count; }
};

/** [depth, R] from a matrix whose element (r, k) lies at a[r + k * a_column]. */
template <int R>
static void PackBlock(const float* a, int64_t a_column, int64_t depth, float* packed) {
  for (int64_t k = 0; k < depth; ++k) std::memcpy(packed + k * R, a + k * a_column, R * sizeof(float));
}

using PackFunction = void (*)(const float*, int64_t, int64_t, float*);

template <int... R>
constexpr std::array<PackFunction, sizeof...(R) + 1> PackTable(std::integer_sequence<int, R...>) {
  return {nullptr, PackBlock<R + 1>...};
}
constexpr auto kPacks = PackTable(std::make_integer_sequence<int, kMostRows>());

/** a's rows, contiguous along rows instead of along depth, as one [depth, block's rows] after the other. */
static void PackRows(const float* a, int64_t a_column, const RowBlocks& blocks, int64_t depth,
                     float* packed) {
  for (int64_t b = 0; b < blocks.count; ++b) {
    const int64_t first = blocks.First(b), height = blocks.First(b + 1) - first;
    kPacks[height](a + first, a_column, depth, packed);
    packed += height * depth;
  }
}

/** Brings a part of the next panel's lines near while this one is used: weights come from memory. */
class Prefetch {
 public:
  Prefetch(const Operand& b, int64_t k, int64_t depth, int64_t n, int64_t blocks)
      : from_(b.data + k * b.row + n * b.column),
        by_columns_(b.row == 1),
        stride_(by_columns_ ? b.column : b.row),
        lines_in_row_((by_columns_ ? depth : kPanel) / 16),
        lines_(lines_in_row_ * (by_columns_ ? kPanel : depth)),
        step_(blocks > 0 ? (lines_ + blocks - 1) / blocks : 0) {}
  void Some() {
    for (int64_t i = 0; i < step_ && next_ < lines_; ++i, ++next_) {
      if (column_ == lines_in_row_) column_ = 0, ++row_;
      __builtin_prefetch(from_ + row_ * stride_ + 16 * column_++, 0, 2);
    }
  }

 private:
  const float* from_;
  bool by_columns_;
  int64_t stride_, lines_in_row_, lines_, step_;
  int64_t next_ = 0, row_ = 0, column_ = 0;
};

/** The last columns of c, fewer than a panel, by way of a block beside it. */
static void MultiplyEdge(BlockFunction function, BlockWork work, int64_t rows, int64_t width) {
  float edge[kMostRows * kPanel];
  float* c = work.c;
  const int64_t stride = work.c_stride;
  const Start start = work.start;
  work.c = edge;
  work.c_stride = kPanel;
  work.start = Start::kZero;
  function(work);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < width; ++j) {
      float& to = c[r * stride + j];
      const float before = start == Start::kZero ? 0.0f : start == Start::kBias ? work.bias[j] : to;
      to = before + edge[r * kPanel + j];
    }
  }
}

/** Rows [first, first + blocks.rows) of c. */
static void MultiplyRowsOfTile(const Product& product, int64_t first, int64_t rows, float* scratch) {
  float* panel = scratch;
  float* packed_rows = scratch + kDepth * kPanel;
  const bool packed = product.a.column != 1;
  const RowBlocks blocks(rows);
  const int64_t parts = (product.k + kDepth - 1) / kDepth;
  const int64_t deepest = (product.k + parts - 1) / parts;
  const int64_t step = (deepest + 15) / 16 * 16;
  for (int64_t k = 0; k < product.k; k += step) {
    const int64_t depth = product.k - k < step ? product.k - k : step;
    const float* a = product.a.data + first * product.a.row + k * product.a.column;
    if (packed) PackRows(a, product.a.column, blocks, depth, packed_rows);
    for (int64_t n = 0; n < product.n; n += kPanel) {
      const int64_t width = product.n - n < kPanel ? product.n - n : kPanel;
      PackPanel(product.b, k, depth, n, width, panel);
      const bool more = n + 2 * kPanel <= product.n;
      Prefetch next(product.b, k, depth, n + kPanel, more ? blocks.count : 0);
      for (int64_t b = 0; b < blocks.count; ++b) {
        if (more) next.Some();
        const int64_t r = blocks.First(b), height = blocks.First(b + 1) - r;
        BlockWork work;
        work.depth = depth;
        work.a = packed ? packed_rows + r * depth : a + r * product.a.row;
        work.a_stride = product.a.row;
        work.panel = panel;
        work.c = product.c.data + (first + r) * product.c.stride + n;
        work.c_stride = product.c.stride;
        work.start = k > 0 || product.add ? Start::kHeld : product.bias ? Start::kBias : Start::kZero;
        work.bias = product.bias ? product.bias + n : nullptr;
        const BlockFunction function = packed ? kPackedBlocks[height] : kBlocks[height];
        if (width == kPanel) {
          function(work);
        } else {
          MultiplyEdge(function, work, height, width);
        }
      }
    }
  }
}

static void Multiply(const Product& product, float* scratch) {
  const int64_t most = product.a.column == 1 ? product.m : kPackedRows;
  for (int64_t r = 0; r < product.m; r += most) {
    MultiplyRowsOfTile(product, r, product.m - r < most ? product.m - r : most, scratch);
  }
}

}  // namespace torchner::kernels::TORCHNER_ISA
