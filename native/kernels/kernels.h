#pragma once

#include <cstdint>
#include <string>
#include <vector>

/**
 * The arithmetic that CPU training and inference spend their time in, compiled once per instruction set.
 *
 * No torch header: files that are compiled for a CPU this one may not be must share no inline function with
 * the rest of the addon. Every function here runs on the calling thread; callers split ranges among threads,
 * and no result depends on how they do. A matrix is float32, row after row, `stride` elements apart.
 */
namespace torchner::kernels {

struct Matrix {
  float* data;
  int64_t stride;
};

struct ConstMatrix {
  const float* data;
  int64_t stride;
  ConstMatrix(const float* first, int64_t apart) : data(first), stride(apart) {}
  ConstMatrix(const Matrix& matrix) : data(matrix.data), stride(matrix.stride) {}
};

/** An operand of a product: element (r, c) lies at `data[r * row + c * column]`; one of the two is 1. */
struct Operand {
  const float* data;
  int64_t row, column;
};

/** c [m, n] = a [m, k] b [k, n] + bias, or c += a b. */
struct Product {
  int64_t m, n, k;
  Operand a, b;
  Matrix c;
  /** b as `pack` of the same precision left it; null: it is packed on the way. */
  const float* packed = nullptr;
  /** [n], or null; not with `add`. */
  const float* bias = nullptr;
  bool add = false;
};

/** What the elements of a product's operands are rounded to. Sums are float32, those of kInt8 exact. */
enum class Precision { kFloat32, kBFloat16, kInt8 };

/** Rows of a that are packed or rounded at once, and cells between those that are rounded. */
constexpr int64_t kPackedRows = 512;
constexpr int64_t kCellStride = 272;
/** Floats of scratch space that one thread needs for `multiply`, whatever the product. */
constexpr int64_t kMultiplyScratch = kPackedRows * kCellStride + 256 * 32;

/** The deepest product whose sums of bytes fit 32 bits, with room. */
constexpr int64_t kInt8Depth = 65536;

/** Ranges of columns that start at a multiple of this share no panel of a packed operand. */
constexpr int64_t kPanelColumns = 32;

/** 32-bit cells that a column of depth k takes in a packed operand; in kInt8 with its sum and its scale. */
constexpr int64_t CellsOf(Precision precision, int64_t k) {
  switch (precision) {
    case Precision::kFloat32:
      return k;
    case Precision::kBFloat16:
      return (k + 1) / 2;
    case Precision::kInt8:
      return (k + 3) / 4 + 2;
  }
  return k;
}

/**
 * Inverted dropout (Srivastava et al., 2014) whose masks are a function of a counter, so that backward draws
 * them again instead of keeping them: Threefry2x32-20 (Salmon et al., 2011), 16 bits an element, in groups of
 * 64 elements. The same on every instruction set.
 */
struct Dropout {
  uint32_t key[2];
  /** One for each place in the model that drops. */
  uint32_t stream;
  /** An element is dropped where its 16 bits are below: 65536 p, rounded. */
  uint32_t threshold;
  /** What the others are multiplied by: 1 / (1 - threshold / 65536). */
  float scale;
};
constexpr int64_t kDropoutGroup = 64;

/** Row r of a matrix with this many columns takes the groups from r * DropoutGroups(columns) on. */
constexpr int64_t DropoutGroups(int64_t columns) {
  return (columns + kDropoutGroup - 1) / kDropoutGroup;
}

/** x = x times its dropout factors. */
struct Drop {
  int64_t columns;
  Matrix x;
  Dropout dropout;
};

/** y = LayerNorm(drop(x) + residual). x becomes the normalised rows, before weight and bias. */
struct NormForward {
  int64_t columns;
  Matrix x;
  /** Null where there is none. */
  ConstMatrix residual;
  const float* weight;
  const float* bias;
  float eps;
  const Dropout* dropout;
  Matrix y;
  /** 1 / standard deviation of each row. */
  float* reciprocal;
};

struct NormBackward {
  int64_t columns;
  ConstMatrix y_gradient;
  ConstMatrix normalized;
  const float* reciprocal;
  const float* weight;
  const Dropout* dropout;
  /** Of the sum that was normalised, and so of the residual; may be `y_gradient` itself. */
  Matrix sum_gradient;
  /** Of x before its dropout; written only where there is dropout. */
  Matrix x_gradient;
};

enum class ActivationKind { kGelu, kGeluTanh, kRelu };

/** y = f(x). With `keep_derivative`, x becomes f'(x); without, y may be x. */
struct Activate {
  ActivationKind kind;
  int64_t columns;
  Matrix x;
  Matrix y;
  bool keep_derivative;
};

/** x *= y, element by element. */
struct MultiplyRows {
  int64_t columns;
  Matrix x;
  ConstMatrix y;
};

/** sums[j] = (or +=) the sum over rows of x[r][j], or of x[r][j] y[r][j] where there is a y. */
struct ColumnSums {
  int64_t rows;
  ConstMatrix x;
  ConstMatrix y;
  float* sums;
  bool add;
};

/** Self-attention over sequences that lie one after the other: softmax(q k^T / sqrt(head_size)) v. */
struct Attention {
  /** First row of each sequence, and the end of the last. */
  const int64_t* starts;
  int64_t longest;
  int64_t heads, head_size;
  /** [tokens, heads * head_size]. */
  ConstMatrix query, key, value;
  const Dropout* dropout;
  Matrix context;
  /** [tokens, heads]: the logarithm of each softmax's denominator, which backward begins from. */
  float* log_sums;
};

struct AttentionBackward {
  Attention forward;
  ConstMatrix context_gradient;
  Matrix query_gradient, key_gradient, value_gradient;
};

/** Queries that are looked at together. */
constexpr int64_t kAttentionRows = 64;

/** Floats of scratch space that one thread needs for `attend` and `attend_backward`. */
constexpr int64_t AttentionScratch(int64_t longest) {
  const int64_t row = DropoutGroups(longest) * kDropoutGroup;
  return kMultiplyScratch + (2 * kAttentionRows + 1) * row;
}

/** One step of AdamW (Loshchilov & Hutter, 2019) on a range of elements. */
struct AdamWRange {
  float* value;
  float* exp_avg;
  float* exp_avg_sq;
  const float* gradient;
  /** Multiplied into the gradient first. */
  float gradient_scale;
  double beta1, beta2;
  float eps;
  /** 1 - lr * weight decay. */
  float keep;
  /** lr / (1 - beta1^t). */
  float step_size;
  /** 1 / sqrt(1 - beta2^t). */
  float denominator_scale;
};

/** The functions for one instruction set. `begin` and `end` bound rows, columns (ColumnSums) or elements. */
struct Kernels {
  const char* name;
  void (*multiply)(const Product&, float* scratch);
  /** With operands rounded to bfloat16; null where the set has no instruction for it. */
  void (*multiply_bf16)(const Product&, float* scratch);
  /** b is packed, a's rows are contiguous, and nothing is added to. */
  void (*multiply_int8)(const Product&, float* scratch);
  /** b [k, n] into CellsOf(precision, k) floats for each column, their number rounded up to kPanelColumns. */
  void (*pack)(Precision, const Operand& b, int64_t k, int64_t n, float* packed);
  void (*drop)(const Drop&, int64_t begin, int64_t end);
  void (*norm_forward)(const NormForward&, int64_t begin, int64_t end);
  void (*norm_backward)(const NormBackward&, int64_t begin, int64_t end);
  void (*activate)(const Activate&, int64_t begin, int64_t end);
  void (*multiply_rows)(const MultiplyRows&, int64_t begin, int64_t end);
  void (*column_sums)(const ColumnSums&, int64_t begin, int64_t end);
  void (*attend)(const Attention&, int64_t sequence, int64_t head, float* scratch);
  void (*attend_backward)(const AttentionBackward&, int64_t sequence, int64_t head, float* scratch);
  void (*adamw)(const AdamWRange&, int64_t begin, int64_t end);
  double (*sum_of_squares)(const float* x, int64_t n);
};

/** Whether products agree with float64 as well as their precision lets them: what a CPU says of itself,
 * above all a virtual one, is not always what it does. */
bool MultipliesRight(const Kernels& kernels);

/**
 * The best of the sets that this CPU has and multiplies right with, or the one that the environment variable
 * TORCHNER_KERNELS names. Throws std::invalid_argument where it names none, or one that this CPU lacks.
 */
const Kernels& Selected();

/** Those that this CPU can run, best first; `reference`, plain loops in the order of the formulas, is last.
 */
std::vector<const Kernels*> Available();

/** Whether this CPU multiplies bfloat16 matrices in a unit (AMX) that none of these kernels uses. */
bool HasMatrixUnit();

}  // namespace torchner::kernels
