#pragma once

#include "kernels/matmul.h"
#include "kernels/norm.h"

/**
 * Products of weights rounded to 8 bits once, with a scale for each column, and rows rounded to 8 bits as
 * they come, with a scale for each row (dynamic quantization). A cell holds four bytes that follow one
 * another along the depth. Rows are stored as unsigned bytes, 128 above their value, since that is what CPUs
 * multiply; what this adds to a sum is known from the weights alone and taken off at the end.
 */
namespace torchner::kernels::TORCHNER_ISA {

using Bytes = uint8_t __attribute__((vector_size(kLanes)));

constexpr int64_t kInByteCell = 4;

TORCHNER_INLINE Ints LoadInts(const float* from) {
  return (Ints)Load(from);
}

/** sum += the four bytes of a (unsigned) times those of b (signed), in each lane. */
TORCHNER_INLINE Ints AddProducts(Ints sum, uint32_t a, Ints b) {
#if defined(__AVX512VNNI__)
  return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)AllWords(a), (__m512i)b);
#else
  const auto byte = [&](int i) { return static_cast<int32_t>((a >> (8 * i)) & 0xffu); };
  return sum + ((b << 24) >> 24) * byte(0) + ((b << 16) >> 24) * byte(1) + ((b << 8) >> 24) * byte(2) +
         (b >> 24) * byte(3);
#endif
}

struct ByteWork {
  int64_t depth;
  const float* a;
  int64_t a_stride;
  const float* row_scales;
  const float* panel;
  /** See `AheadOf`. */
  int64_t ahead;
  /** Sums between the first and the last range of depth are the bits of integers. */
  Matrix c;
  bool first, last;
  /** The panel's sums and scales. */
  const float* column_sums;
  const float* column_scales;
  const float* bias;
};

template <int R>
static void MultiplyBytes(const ByteWork& work) {
  Ints sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    const float* from = work.c.data + r * work.c.stride;
    sums[r][0] = work.first ? Ints{} : LoadInts(from);
    sums[r][1] = work.first ? Ints{} : LoadInts(from + kLanes);
  }
  const float* b = work.panel;
  for (int64_t k = 0; k < work.depth; ++k, b += kPanel) {
    const Ints b0 = LoadInts(b), b1 = LoadInts(b + kLanes);
    FetchAhead(b + work.ahead);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      uint32_t bytes;
      std::memcpy(&bytes, work.a + r * work.a_stride + k, sizeof(bytes));
      sums[r][0] = AddProducts(sums[r][0], bytes, b0);
      sums[r][1] = AddProducts(sums[r][1], bytes, b1);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    float* to = work.c.data + r * work.c.stride;
    for (int half = 0; half < 2; ++half) {
      const int from = half * kLanes;
      if (!work.last) {
        Store(to + from, (Vec)sums[r][half]);
        continue;
      }
      const Ints products = sums[r][half] - LoadInts(work.column_sums + from);
      const Vec value = __builtin_convertvector(products, Vec) *
                        (Load(work.column_scales + from) * All(work.row_scales[r]));
      Store(to + from, work.bias ? value + Load(work.bias + from) : value);
    }
  }
}

using ByteFunction = void (*)(const ByteWork&);

template <int... R>
constexpr ByRows<ByteFunction> ByteTable(std::integer_sequence<int, R...>) {
  return {{nullptr, MultiplyBytes<R + 1>...}};
}
constexpr auto kByteBlocks = ByteTable(std::make_integer_sequence<int, kMostRows>());

/** One row as bytes, four to a cell, zeros (128) beyond `depth`; returns its scale. */
static float QuantizeRow(const float* x, int64_t depth, float* cells) {
  Vec most = All(0.0f), strange = All(0.0f);
  EachVector(depth, [&](int64_t i, auto count) {
    const Vec v = Part(x + i, count);
    most = Max(Abs(v), most);
    strange += v - v;
  });
  const float largest = Largest(most);
  // Zero, or NaN where an element is infinite or NaN: it must not become a number.
  const bool finite = Sum(strange) == 0;
  const Vec inverse = All(finite && largest > 0 ? 127.0f / largest : 0.0f);
  EachVector((depth + kInByteCell - 1) / kInByteCell * kInByteCell, [&](int64_t i, auto count) {
    const Vec values = i + kLanes <= depth ? Load(x + i) : LoadSome(x + i, depth - i);
    const Vec scaled = finite ? values * inverse : All(0.0f);
    const Vec rounded = (scaled + All(12582912.0f)) - All(12582912.0f);
    const Bytes bytes = __builtin_convertvector(__builtin_convertvector(rounded, Ints) + 128, Bytes);
    std::memcpy(reinterpret_cast<char*>(cells) + i, &bytes, static_cast<size_t>(count));
  });
  return finite ? largest / 127.0f : NAN;
}

/** Where a tile's rows lie in the thread's scratch space. */
struct ByteSpace {
  float *row_scales, *edge, *cells;
  int64_t stride, rows;
  ByteSpace(float* scratch, int64_t k_cells)
      : row_scales(scratch),
        edge(row_scales + kPackedRows),
        cells(edge + kPackedRows * kPanel),
        stride(k_cells + 16),
        rows(Least(kPackedRows, (kMultiplyScratch - (cells - scratch)) / stride)) {}
};

static void MultiplyByteRows(const Product& product, int64_t first, int64_t rows, const ByteSpace& space) {
  const int64_t cells = (product.k + kInByteCell - 1) / kInByteCell;
  for (int64_t r = 0; r < rows; ++r) {
    const float* a = product.a.data + (first + r) * product.a.row;
    space.row_scales[r] = QuantizeRow(a, product.k, space.cells + r * space.stride);
  }
  const RowBlocks blocks(rows);
  for (int64_t n = 0; n < product.n; n += kPanel) {
    const int64_t width = Least(product.n - n, kPanel);
    const float* panel = product.packed + n * CellsOf(Precision::kInt8, product.k);
    const Matrix c = width == kPanel ? Matrix{product.c.data + first * product.c.stride + n, product.c.stride}
                                     : Matrix{space.edge, kPanel};
    float bias[kPanel] = {};
    if (product.bias) std::memcpy(bias, product.bias + n, static_cast<size_t>(width) * sizeof(float));
    for (int64_t cell = 0; cell < cells; cell += kDepth) {
      for (int64_t b = 0; b < blocks.count; ++b) {
        const int64_t r = blocks.First(b);
        ByteWork work;
        work.depth = Least(kDepth, cells - cell);
        work.a = space.cells + r * space.stride + cell;
        work.a_stride = space.stride;
        work.row_scales = space.row_scales + r;
        work.panel = panel + cell * kPanel;
        work.ahead = AheadOf(true, b);
        work.c = {c.data + r * c.stride, c.stride};
        work.first = cell == 0;
        work.last = cell + kDepth >= cells;
        work.column_sums = panel + cells * kPanel;
        work.column_scales = work.column_sums + kPanel;
        work.bias = bias;
        kByteBlocks.functions[blocks.First(b + 1) - r](work);
      }
    }
    if (width == kPanel) continue;
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(product.c.data + (first + r) * product.c.stride + n, space.edge + r * kPanel,
                  static_cast<size_t>(width) * sizeof(float));
    }
  }
}

/** With a packed b of at most kInt8Depth rows, an a whose rows are contiguous, and without `add`. */
static void MultiplyInt8(const Product& product, float* scratch) {
  const ByteSpace space(scratch, (product.k + kInByteCell - 1) / kInByteCell);
  for (int64_t r = 0; r < product.m; r += space.rows) {
    MultiplyByteRows(product, r, Least(product.m - r, space.rows), space);
  }
}

/** One panel: cells, then sums, then scales. Columns beyond `width` are zeros. */
static void PackBytes(const Operand& b, int64_t k, int64_t width, float* panel) {
  const int64_t cells = (k + kInByteCell - 1) / kInByteCell;
  float* sums = panel + cells * kPanel;
  float* scales = sums + kPanel;
  for (int64_t j = 0; j < kPanel; ++j) {
    const auto element = [&](int64_t i) { return b.data[i * b.row + j * b.column]; };
    float largest = 0, strange = 0;
    for (int64_t i = 0; j < width && i < k; ++i) {
      largest = largest < std::fabs(element(i)) ? std::fabs(element(i)) : largest;
      strange += element(i) - element(i);
    }
    const bool finite = strange == 0;
    const float inverse = finite && largest > 0 ? 127.0f / largest : 0.0f;
    int32_t sum = 0;
    for (int64_t cell = 0; cell < cells; ++cell) {
      int8_t bytes[kInByteCell] = {};
      for (int64_t i = 0; i < kInByteCell; ++i) {
        const int64_t row = cell * kInByteCell + i;
        if (j < width && row < k)
          bytes[i] = static_cast<int8_t>(finite ? std::lrintf(element(row) * inverse) : 0);
        sum += bytes[i];
      }
      std::memcpy(panel + cell * kPanel + j, bytes, sizeof(bytes));
    }
    sum *= 128;
    std::memcpy(sums + j, &sum, sizeof(sum));
    scales[j] = finite ? largest / 127.0f : NAN;
  }
}

static void Pack(Precision precision, const Operand& b, int64_t k, int64_t n, float* packed) {
  switch (precision) {
    case Precision::kFloat32:
      return PackAs<Float32>(b, k, n, packed);
    case Precision::kBFloat16:
#if defined(__AVX512BF16__)
      PackAs<BFloat16>(b, k, n, packed);
#endif
      return;
    case Precision::kInt8:
      for (int64_t column = 0; column < n; column += kPanel) {
        Operand panel = b;
        panel.data += column * b.column;
        PackBytes(panel, k, Least(n - column, kPanel), packed + column * CellsOf(precision, k));
      }
  }
}

}  // namespace torchner::kernels::TORCHNER_ISA
