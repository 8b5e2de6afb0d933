#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "kernels/kernels.h"

namespace torchner {

/**
 * float32 [rows, columns], not filled, with a gap between rows: rows that lie a power of two apart would
 * share the few places of the cache that their addresses select.
 */
at::Tensor MakeRows(int64_t rows, int64_t columns);

/** The matrix in a float32 tensor of two dimensions whose rows are contiguous. */
kernels::Matrix RowsOf(const at::Tensor& tensor);

/** As the operand of a product. */
kernels::Operand AsIs(const at::Tensor& tensor);
kernels::Operand Transposed(const at::Tensor& tensor);

/** A rectangle of a product's result. */
struct Tile {
  int64_t row, rows;
  int64_t column, columns;
};

/** Products into one matrix: the first writes it (or adds, if it says so), each other one adds to it. */
struct ProductChain {
  std::vector<kernels::Product> products;
  /** Called with each rectangle when it is complete and still in the thread's cache. */
  std::function<void(const Tile&)> finish = nullptr;
};

/** c = a b + bias: a [m, k] and b [k, n] as `Operand`s, c a tensor [m, n]; `bias` may be undefined. */
kernels::Product MakeProduct(const kernels::Operand& a, const kernels::Operand& b, int64_t k,
                             const at::Tensor& c, const at::Tensor& bias = {});

/**
 * Runs all chains, which must not depend on one another, cut into rectangles among libtorch's threads. The
 * precision is what operands are rounded to; matrices stay float32.
 */
void Multiply(kernels::Precision precision, const std::vector<ProductChain>& chains);

/** The operand b [k, n] as `Product::packed` takes it, in rows of whole panels. */
at::Tensor Pack(kernels::Precision precision, const kernels::Operand& b, int64_t k, int64_t n);

}  // namespace torchner
