#include "nn/products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/parallel.h"

namespace torchner {
namespace {

struct TiledChain {
  const ProductChain* chain;
  int64_t across;
  int64_t row_step, column_step;
  int64_t tiles;
};

int64_t Parts(int64_t size, int64_t step) {
  return (size + step - 1) / step;
}

/** What rectangles a product is cut into. */
struct TileShape {
  /** The least number of rectangles, so that all threads get some and finish together. */
  int64_t shares;
  int64_t most_columns;
  /** Whether there may be more rectangles than blocks of `kPackedRows` above one another. */
  bool low;
};

/**
 * The rows of a that a rectangle needs, as deep as a panel, stay in the second-level cache, and all of its
 * columns run past them there. Each rectangle prepares its rows of a and its columns of b for itself.
 */
TileShape ShapeFor(kernels::Precision precision, const kernels::Product& product) {
  constexpr int64_t kWide = 768, kNarrow = 192;
  const int64_t threads = at::get_num_threads();
  // An a that lies across, as in the gradient of a weight, costs the most to prepare.
  if (product.a.column != 1) return {.shares = 2 * threads, .most_columns = kWide, .low = true};
  // Rounding rows to bytes is next.
  if (precision == kernels::Precision::kInt8) return {.shares = threads, .most_columns = kWide, .low = false};
  return {.shares = 2 * threads, .most_columns = kNarrow, .low = false};
}

TiledChain CutIntoTiles(kernels::Precision precision, const ProductChain& chain) {
  constexpr int64_t kLowest = 32;
  const kernels::Product& product = chain.products.front();
  const TileShape shape = ShapeFor(precision, product);
  const int64_t blocks = Parts(product.m, kernels::kPackedRows);
  const int64_t down =
      shape.low ? std::max(blocks, std::min(shape.shares, Parts(product.m, kLowest))) : blocks;
  TiledChain tiled;
  tiled.chain = &chain;
  tiled.row_step = Parts(product.m, down);
  const int64_t rows_of_tiles = Parts(product.m, tiled.row_step);
  const int64_t panels = Parts(Parts(product.n, Parts(shape.shares, rows_of_tiles)), kernels::kPanelColumns);
  tiled.column_step = std::min(panels * kernels::kPanelColumns, shape.most_columns);
  tiled.across = Parts(product.n, tiled.column_step);
  tiled.tiles = rows_of_tiles * tiled.across;
  return tiled;
}

kernels::Product PartOf(kernels::Precision precision, const kernels::Product& whole, const Tile& tile) {
  kernels::Product part = whole;
  part.m = tile.rows;
  part.n = tile.columns;
  part.a.data += tile.row * whole.a.row;
  part.b.data += tile.column * whole.b.column;
  part.c.data += tile.row * whole.c.stride + tile.column;
  if (part.packed) part.packed += tile.column * kernels::CellsOf(precision, whole.k);
  if (part.bias) part.bias += tile.column;
  return part;
}

auto MultiplyOf(kernels::Precision precision) {
  const kernels::Kernels& kernels = kernels::Selected();
  switch (precision) {
    case kernels::Precision::kFloat32:
      return kernels.multiply;
    case kernels::Precision::kBFloat16:
      return kernels.multiply_bf16;
    case kernels::Precision::kInt8:
      return kernels.multiply_int8;
  }
  return kernels.multiply;
}

void MultiplyTile(kernels::Precision precision, const TiledChain& tiled, int64_t index) {
  const std::vector<kernels::Product>& products = tiled.chain->products;
  Tile tile;
  tile.row = index / tiled.across * tiled.row_step;
  tile.column = index % tiled.across * tiled.column_step;
  tile.rows = std::min(tiled.row_step, products.front().m - tile.row);
  tile.columns = std::min(tiled.column_step, products.front().n - tile.column);
  float* scratch = ThreadScratch(kernels::kMultiplyScratch);
  for (size_t i = 0; i < products.size(); ++i) {
    kernels::Product part = PartOf(precision, products[i], tile);
    if (i > 0) part.add = true;
    MultiplyOf(precision)(part, scratch);
  }
  if (tiled.chain->finish) tiled.chain->finish(tile);
}

}  // namespace

at::Tensor MakeRows(int64_t rows, int64_t columns) {
  constexpr int64_t kGap = 16;
  return at::empty({rows, columns + kGap}, at::kFloat).narrow(1, 0, columns);
}

kernels::Matrix RowsOf(const at::Tensor& tensor) {
  TORCH_INTERNAL_ASSERT(tensor.dim() == 2 && tensor.scalar_type() == at::kFloat && tensor.stride(1) == 1);
  return {tensor.mutable_data_ptr<float>(), tensor.stride(0)};
}

kernels::Operand AsIs(const at::Tensor& tensor) {
  const kernels::Matrix rows = RowsOf(tensor);
  return {rows.data, rows.stride, 1};
}

kernels::Operand Transposed(const at::Tensor& tensor) {
  const kernels::Matrix rows = RowsOf(tensor);
  return {rows.data, 1, rows.stride};
}

kernels::Product MakeProduct(const kernels::Operand& a, const kernels::Operand& b, int64_t k,
                             const at::Tensor& c, const at::Tensor& bias) {
  kernels::Product product;
  product.m = c.size(0);
  product.n = c.size(1);
  product.k = k;
  product.a = a;
  product.b = b;
  product.c = RowsOf(c);
  if (bias.defined()) product.bias = bias.const_data_ptr<float>();
  return product;
}

void Multiply(kernels::Precision precision, const std::vector<ProductChain>& chains) {
  std::vector<TiledChain> tiled;
  std::vector<int64_t> ends;
  int64_t total = 0;
  for (const ProductChain& chain : chains) {
    tiled.push_back(CutIntoTiles(precision, chain));
    ends.push_back(total += tiled.back().tiles);
  }
  ParallelTasks(total, [&](int64_t task) {
    const size_t chain = std::upper_bound(ends.begin(), ends.end(), task) - ends.begin();
    MultiplyTile(precision, tiled[chain], task - (chain > 0 ? ends[chain - 1] : 0));
  });
}

at::Tensor Pack(kernels::Precision precision, const kernels::Operand& b, int64_t k, int64_t n) {
  const int64_t panels = Parts(n, kernels::kPanelColumns), cells = kernels::CellsOf(precision, k);
  const at::Tensor packed = at::empty({panels, kernels::kPanelColumns * cells}, at::kFloat);
  float* data = packed.mutable_data_ptr<float>();
  ParallelTasks(panels, [&](int64_t panel) {
    const int64_t column = panel * kernels::kPanelColumns;
    kernels::Operand part = b;
    part.data += column * b.column;
    kernels::Selected().pack(precision, part, k, std::min(n - column, kernels::kPanelColumns),
                             data + column * cells);
  });
  return packed;
}

}  // namespace torchner
