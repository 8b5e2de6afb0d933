#pragma once

#include <cstring>
#include <utility>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "kernels/kernels.h"
#include "kernels/simd.h"

/**
 * Products in the manner of GotoBLAS (Goto and van de Geijn, 2008): a panel of b, `kPanel` columns wide and
 * at most `kDepth` deep, is packed into the first-level cache, and each block of a few rows of a runs through
 * it with its part of c in registers.
 *
 * Operands are taken in cells of 32 bits, which hold one float32 or, in products that round their operands,
 * two bfloat16 that follow one another along the depth. An element's sum is cut at the same depths whatever
 * range of c is asked for, so its bits do not depend on how callers cut c into tiles.
 */
namespace torchner::kernels::TORCHNER_ISA {

#if TORCHNER_VECTOR_BYTES == 64
constexpr int kMostRows = 14;  // 28 sums, two vectors of b: of 32 registers
#else
constexpr int kMostRows = 6;  // 12 sums, two vectors of b, one of a: of 16 registers
#endif
constexpr int64_t kPanel = 2 * kLanes;
/** In cells. */
constexpr int64_t kDepth = 256;

struct Float32 {
  static constexpr int64_t kInCell = 1;
  static TORCHNER_MEMBER Vec MultiplyAdd(Vec sum, const float* cell, Vec b) { return sum + All(*cell) * b; }
};

#if defined(__AVX512BF16__)
struct BFloat16 {
  static constexpr int64_t kInCell = 2;
  static TORCHNER_MEMBER Vec MultiplyAdd(Vec sum, const float* cell, Vec b) {
    uint32_t bits;
    std::memcpy(&bits, cell, sizeof(bits));
    return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)AllWords(bits), (__m512bh)b);
  }
};
#endif

/**
 * Floats between what a block reads of a panel and what it asks memory for meanwhile. Operands that were
 * packed before are read from one end to the other, and for a short sentence memory is what the product waits
 * for; panels packed on the way are in the cache already. A block's panel that an earlier block has read is
 * too.
 */
TORCHNER_INLINE int64_t AheadOf(bool packed_before, int64_t block) {
  constexpr int64_t kAhead = 4096;
  return packed_before && block == 0 ? kAhead : 0;
}

/** One row of a panel; an address beyond the operand is no harm. */
TORCHNER_INLINE void FetchAhead(const float* row) {
  constexpr int64_t kLineFloats = 16;
  for (int64_t i = 0; i < kPanel; i += kLineFloats) __builtin_prefetch(row + i, 0, 2);
}

/** Where a block of c begins from. */
enum class Start { kZero, kBias, kHeld };

struct BlockWork {
  int64_t depth;
  const float* a;
  /** Between rows of a; unused where a is packed. */
  int64_t a_stride;
  const float* panel;
  /** See `AheadOf`. */
  int64_t ahead;
  float* c;
  int64_t c_stride;
  Start start;
  const float* bias;
};

/** R rows of c, one panel wide. Packed: a lies as [depth, R]; otherwise its rows are contiguous. */
template <typename Kind, int R, bool packed>
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
    FetchAhead(b + work.ahead);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sums[r][0] = Kind::MultiplyAdd(sums[r][0], a + r * a_stride, b0);
      sums[r][1] = Kind::MultiplyAdd(sums[r][1], a + r * a_stride, b1);
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

/** Functions by the number of rows they take. Not std::array, whose members other files share. */
template <typename Function>
struct ByRows {
  Function functions[kMostRows + 1];
};

template <typename Kind, bool packed, int... R>
constexpr ByRows<BlockFunction> BlockTable(std::integer_sequence<int, R...>) {
  return {{nullptr, MultiplyBlock<Kind, R + 1, packed>...}};
}
template <typename Kind>
constexpr auto kBlocks = BlockTable<Kind, false>(std::make_integer_sequence<int, kMostRows>());
template <typename Kind>
constexpr auto kPackedBlocks = BlockTable<Kind, true>(std::make_integer_sequence<int, kMostRows>());

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

/** Bits of a float32 rounded to the nearest bfloat16, in the upper half; ties to even, NaN to one of its
 * kind. */
TORCHNER_INLINE Words RoundBFloat16(Vec x) {
  const Words bits = (Words)x;
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
  return x == x ? rounded : AllWords(0x7fc00000u);
}

/** A vector of cells from those of one depth (float32), or of two that follow one another. */
template <typename Kind>
TORCHNER_INLINE Vec ToCells(const Vec (&depths)[Kind::kInCell]) {
  if constexpr (Kind::kInCell == 1) {
    return depths[0];
  } else {
    return (Vec)((RoundBFloat16(depths[0]) >> 16) | RoundBFloat16(depths[1]));
  }
}

/** From b's columns, each contiguous. `depth` in elements, as in all that packs. */
template <typename Kind>
static void PackColumns(const float* from, int64_t stride, int64_t depth, int64_t width, float* panel) {
  for (int64_t half = 0; half < kPanel; half += kLanes) {
    const int64_t columns = width - half < 0 ? 0 : width - half < kLanes ? width - half : kLanes;
    for (int64_t done = 0; done < depth; done += kLanes) {
      const int64_t rest = depth - done < kLanes ? depth - done : kLanes;
      Vec rows[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        const float* row = from + (half + i) * stride + done;
        rows[i] = i >= columns ? All(0.0f) : rest == kLanes ? Load(row) : LoadSome(row, rest);
      }
      TransposeStage<kLanes / 2>(rows);
      float* to = panel + done / Kind::kInCell * kPanel + half;
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i += Kind::kInCell) {
        Vec depths[Kind::kInCell];
        for (int j = 0; j < Kind::kInCell; ++j) depths[j] = rows[i + j];
        if (i < rest) Store(to + i / Kind::kInCell * kPanel, ToCells<Kind>(depths));
      }
    }
  }
}

/** From b's rows, each contiguous. */
template <typename Kind>
static void PackRowsOfPanel(const float* from, int64_t stride, int64_t depth, int64_t width, float* panel) {
  const auto part = [&](int64_t row, int64_t column) {
    const float* data = from + row * stride + column;
    if (row >= depth || column >= width) return All(0.0f);
    return width - column >= kLanes ? Load(data) : LoadSome(data, width - column);
  };
  for (int64_t i = 0; i < depth; i += Kind::kInCell, panel += kPanel) {
    for (int64_t half = 0; half < kPanel; half += kLanes) {
      Vec depths[Kind::kInCell];
      for (int j = 0; j < Kind::kInCell; ++j) depths[j] = part(i + j, half);
      Store(panel + half, ToCells<Kind>(depths));
    }
  }
}

/** Rows k .. k + depth of b, `width` <= kPanel columns from n on, as [cells, kPanel] with zeros beyond. */
template <typename Kind>
static void PackPanel(const Operand& b, int64_t k, int64_t depth, int64_t n, int64_t width, float* panel) {
  const float* from = b.data + k * b.row + n * b.column;
  if (b.column == 1) {
    PackRowsOfPanel<Kind>(from, b.row, depth, width, panel);
  } else {
    PackColumns<Kind>(from, b.column, depth, width, panel);
  }
}

/** Rows of c are cut into blocks of nearly the same height. */
struct RowBlocks {
  int64_t rows, count;
  explicit RowBlocks(int64_t all) : rows(all), count((all + kMostRows - 1) / kMostRows) {}
  int64_t First(int64_t block) const { return rows * block / count; }
};

/** [cells, R] from a matrix whose element (r, k) lies at a[r + k * a_column]. */
template <typename Kind, int R>
static void PackBlock(const float* a, int64_t a_column, int64_t depth, float* packed) {
  if constexpr (Kind::kInCell == 1) {
    for (int64_t k = 0; k < depth; ++k) std::memcpy(packed + k * R, a + k * a_column, R * sizeof(float));
  } else {
    for (int64_t k = 0; k < depth; k += 2, packed += R) {
      const Vec pair[2] = {LoadSome(a + k * a_column, R),
                           k + 1 < depth ? LoadSome(a + (k + 1) * a_column, R) : All(0.0f)};
      StoreSome(packed, ToCells<Kind>(pair), R);
    }
  }
}

using PackFunction = void (*)(const float*, int64_t, int64_t, float*);

template <typename Kind, int... R>
constexpr ByRows<PackFunction> PackTable(std::integer_sequence<int, R...>) {
  return {{nullptr, PackBlock<Kind, R + 1>...}};
}
template <typename Kind>
constexpr auto kPacks = PackTable<Kind>(std::make_integer_sequence<int, kMostRows>());

/** a's rows, contiguous along rows instead of along depth, as one [cells, block's rows] after the other. */
template <typename Kind>
static void PackRows(const float* a, int64_t a_column, const RowBlocks& blocks, int64_t depth,
                     float* packed) {
  const int64_t cells = (depth + Kind::kInCell - 1) / Kind::kInCell;
  for (int64_t b = 0; b < blocks.count; ++b) {
    const int64_t first = blocks.First(b), height = blocks.First(b + 1) - first;
    kPacks<Kind>.functions[height](a + first, a_column, depth, packed);
    packed += height * cells;
  }
}

/** Two vectors of elements that follow one another, as one of cells. */
TORCHNER_INLINE void StoreRounded(float* cells, const float* a) {
#if defined(__AVX512BF16__)
  const __m512bh both = _mm512_cvtne2ps_pbh((__m512)Load(a + kLanes), (__m512)Load(a));
  std::memcpy(cells, &both, sizeof(both));
#else
  for (int half = 0; half < 2; ++half) {
    const Words bits = RoundBFloat16(Load(a + half * kLanes)) >> 16;
    uint16_t narrow[kLanes];
    for (int i = 0; i < kLanes; ++i) narrow[i] = static_cast<uint16_t>(bits[i]);
    std::memcpy(cells + half * kLanes / 2, narrow, sizeof(narrow));
  }
#endif
}

/** Rows of cells, `kCellStride` apart, from rows of floats. */
static void RoundRows(const float* a, int64_t a_row, int64_t rows, int64_t depth, float* cells) {
  constexpr int64_t kAtOnce = 2 * kLanes;
  for (int64_t r = 0; r < rows; ++r, a += a_row, cells += kCellStride) {
    int64_t k = 0;
    for (; k + kAtOnce <= depth; k += kAtOnce) StoreRounded(cells + k / 2, a + k);
    if (k == depth) continue;
    float rest[kAtOnce] = {}, rounded[kLanes];
    for (int64_t i = k; i < depth; ++i) rest[i - k] = a[i];
    StoreRounded(rounded, rest);
    std::memcpy(cells + k / 2, rounded, static_cast<size_t>((depth - k + 1) / 2) * sizeof(float));
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

/** A range of depth of some rows of a, in the form in which blocks take it. */
struct RowsOfDepth {
  const float* data;
  int64_t stride;
  /** One [cells, block's rows] after the other; otherwise rows, `stride` apart. */
  bool packed;
};

template <typename Kind>
static RowsOfDepth TakeRows(const Operand& a, int64_t first, const RowBlocks& blocks, int64_t k,
                            int64_t depth, float* space) {
  const float* from = a.data + first * a.row + k * a.column;
  if (a.column != 1) {
    PackRows<Kind>(from, a.column, blocks, depth, space);
    return {space, 0, true};
  }
  if constexpr (Kind::kInCell == 1) {
    return {from, a.row, false};
  } else {
    RoundRows(from, a.row, blocks.rows, depth, space);
    return {space, kCellStride, false};
  }
}

/** Rows [first, first + rows) of c. */
template <typename Kind>
static void MultiplyRowsOfTile(const Product& product, int64_t first, int64_t rows, float* scratch) {
  float* space = scratch + kDepth * kPanel;
  const RowBlocks blocks(rows);
  const int64_t cells = (product.k + Kind::kInCell - 1) / Kind::kInCell;
  const int64_t parts = (cells + kDepth - 1) / kDepth;
  const int64_t step = ((cells + parts - 1) / parts + 15) / 16 * 16;
  for (int64_t cell = 0; cell < cells; cell += step) {
    const int64_t k = cell * Kind::kInCell;
    const int64_t depth = Least(product.k - k, step * Kind::kInCell);
    const RowsOfDepth a = TakeRows<Kind>(product.a, first, blocks, k, depth, space);
    for (int64_t n = 0; n < product.n; n += kPanel) {
      const int64_t width = Least(product.n - n, kPanel);
      const float* panel = scratch;
      if (product.packed) {
        panel = product.packed + n * cells + cell * kPanel;
      } else {
        PackPanel<Kind>(product.b, k, depth, n, width, scratch);
      }
      const bool more = !product.packed && n + 2 * kPanel <= product.n;
      Prefetch next(product.b, k, depth, n + kPanel, more ? blocks.count : 0);
      for (int64_t b = 0; b < blocks.count; ++b) {
        if (more) next.Some();
        const int64_t r = blocks.First(b), height = blocks.First(b + 1) - r;
        BlockWork work;
        work.depth = Least(cells - cell, step);
        work.a = a.packed ? a.data + r * work.depth : a.data + r * a.stride;
        work.a_stride = a.stride;
        work.panel = panel;
        work.ahead = AheadOf(product.packed, b);
        work.c = product.c.data + (first + r) * product.c.stride + n;
        work.c_stride = product.c.stride;
        work.start = k > 0 || product.add ? Start::kHeld : product.bias ? Start::kBias : Start::kZero;
        work.bias = product.bias ? product.bias + n : nullptr;
        const BlockFunction function =
            a.packed ? kPackedBlocks<Kind>.functions[height] : kBlocks<Kind>.functions[height];
        if (width == kPanel) {
          function(work);
        } else {
          MultiplyEdge(function, work, height, width);
        }
      }
    }
  }
}

template <typename Kind>
static void MultiplyAs(const Product& product, float* scratch) {
  const bool direct = Kind::kInCell == 1 && product.a.column == 1;
  const int64_t most = direct ? product.m : kPackedRows;
  for (int64_t r = 0; r < product.m; r += most) {
    MultiplyRowsOfTile<Kind>(product, r, Least(product.m - r, most), scratch);
  }
}

/** b as one panel after the other, each over the whole depth: what `Product::packed` points to. */
template <typename Kind>
static void PackAs(const Operand& b, int64_t k, int64_t n, float* packed) {
  const int64_t cells = (k + Kind::kInCell - 1) / Kind::kInCell;
  for (int64_t column = 0; column < n; column += kPanel) {
    PackPanel<Kind>(b, 0, k, column, Least(n - column, kPanel), packed + column * cells);
  }
}

static void Multiply(const Product& product, float* scratch) {
  MultiplyAs<Float32>(product, scratch);
}

}  // namespace torchner::kernels::TORCHNER_ISA
