#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/kernels.h"

/** Each formula as it is written, in float64 within an element, for the other sets to be compared with. */
namespace torchner::kernels::reference {
namespace {

uint32_t Rotate(uint32_t x, int by) {
  return (x << by) | (x >> (32 - by));
}

/** Threefry2x32-20, after the Random123 paper's figure. */
void Threefry(const uint32_t (&key)[2], uint32_t (&x)[2]) {
  static const int kRotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t keys[3] = {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
  x[0] += keys[0];
  x[1] += keys[1];
  for (uint32_t round = 0; round < 20; ++round) {
    x[0] += x[1];
    x[1] = Rotate(x[1], kRotations[round % 8]) ^ x[0];
    if (round % 4 != 3) continue;
    const uint32_t injection = round / 4 + 1;
    x[0] += keys[injection % 3];
    x[1] += keys[(injection + 1) % 3] + injection;
  }
}

/** Of element `column` of the row whose groups begin at `group`; 1 without dropout. */
float Factor(const Dropout* dropout, int64_t group, int64_t column) {
  if (!dropout) return 1.0f;
  const int64_t in_group = column % kDropoutGroup;
  uint32_t x[2] = {static_cast<uint32_t>((group + column / kDropoutGroup) * 16 + in_group % 16),
                   dropout->stream};
  Threefry(dropout->key, x);
  const int64_t quarter = in_group / 16;
  const uint32_t draw = (x[quarter / 2] >> (quarter % 2 * 16)) & 0xffffu;
  return draw >= dropout->threshold ? dropout->scale : 0.0f;
}

/** The upper half of the nearest bfloat16's bits, ties to even. */
uint16_t ToBFloat16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  if (std::isnan(x)) return 0x7fc0;
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float FromBFloat16(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

// A packed operand has its columns one after the other, here as in all sets, but no panels.

struct Float32 {
  static float Round(float x) { return x; }
  static float FromPacked(const float* packed, int64_t k, int64_t j, int64_t i) { return packed[j * k + i]; }
};

struct BFloat16 {
  static float Round(float x) { return FromBFloat16(ToBFloat16(x)); }
  static float FromPacked(const float* packed, int64_t k, int64_t j, int64_t i) {
    uint16_t half;
    const float* column = packed + j * CellsOf(Precision::kBFloat16, k);
    std::memcpy(&half, reinterpret_cast<const char*>(column) + i * sizeof(half), sizeof(half));
    return FromBFloat16(half);
  }
};

template <typename Kind>
void Multiply(const Product& work, float*) {
  for (int64_t i = 0; i < work.m; ++i) {
    for (int64_t j = 0; j < work.n; ++j) {
      float& c = work.c.data[i * work.c.stride + j];
      double sum = work.add ? c : work.bias ? work.bias[j] : 0.0f;
      for (int64_t k = 0; k < work.k; ++k) {
        const float b = work.packed ? Kind::FromPacked(work.packed, work.k, j, k)
                                    : Kind::Round(work.b.data[k * work.b.row + j * work.b.column]);
        sum += static_cast<double>(Kind::Round(work.a.data[i * work.a.row + k * work.a.column])) * b;
      }
      c = static_cast<float>(sum);
    }
  }
}

/** x in steps of `scale`, at most 127 of them either way. */
int32_t Quantized(float x, float scale) {
  return scale > 0 ? static_cast<int32_t>(std::lrint(x / scale)) : 0;
}

void PackColumn(Precision precision, const std::vector<float>& values, float* column) {
  if (precision == Precision::kFloat32) {
    std::copy(values.begin(), values.end(), column);
  } else if (precision == Precision::kBFloat16) {
    std::vector<uint16_t> halves(values.size());
    std::transform(values.begin(), values.end(), halves.begin(), ToBFloat16);
    std::memcpy(column, halves.data(), halves.size() * sizeof(uint16_t));
  } else {
    float largest = 0;
    for (const float x : values) largest = std::max(largest, std::abs(x));
    column[0] = largest / 127;
    auto* bytes = reinterpret_cast<int8_t*>(column + 1);
    for (size_t i = 0; i < values.size(); ++i) {
      bytes[i] = static_cast<int8_t>(Quantized(values[i], column[0]));
    }
  }
}

void Pack(Precision precision, const Operand& b, int64_t k, int64_t n, float* packed) {
  std::vector<float> values(k);
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < k; ++i) values[i] = b.data[i * b.row + j * b.column];
    PackColumn(precision, values, packed + j * CellsOf(precision, k));
  }
}

void MultiplyInt8(const Product& work, float*) {
  for (int64_t i = 0; i < work.m; ++i) {
    const float* a = work.a.data + i * work.a.row;
    float largest = 0;
    for (int64_t k = 0; k < work.k; ++k) largest = std::max(largest, std::abs(a[k]));
    for (int64_t j = 0; j < work.n; ++j) {
      const float* column = work.packed + j * CellsOf(Precision::kInt8, work.k);
      const auto* bytes = reinterpret_cast<const int8_t*>(column + 1);
      int32_t sum = 0;
      for (int64_t k = 0; k < work.k; ++k) sum += Quantized(a[k], largest / 127) * bytes[k];
      work.c.data[i * work.c.stride + j] =
          static_cast<float>(sum) * (largest / 127) * column[0] + (work.bias ? work.bias[j] : 0.0f);
    }
  }
}

void DropRows(const Drop& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t i = 0; i < work.columns; ++i) {
      work.x.data[r * work.x.stride + i] *= Factor(&work.dropout, r * DropoutGroups(work.columns), i);
    }
  }
}

void NormForwardRows(const NormForward& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    const float* residual = work.residual.data ? work.residual.data + r * work.residual.stride : nullptr;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < work.columns; ++i) {
      x[i] =
          x[i] * Factor(work.dropout, r * DropoutGroups(work.columns), i) + (residual ? residual[i] : 0.0f);
      sum += x[i];
    }
    const double mean = sum / work.columns;
    for (int64_t i = 0; i < work.columns; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double reciprocal = 1.0 / std::sqrt(squares / work.columns + work.eps);
    work.reciprocal[r] = static_cast<float>(reciprocal);
    for (int64_t i = 0; i < work.columns; ++i) {
      x[i] = static_cast<float>((x[i] - mean) * reciprocal);
      work.y.data[r * work.y.stride + i] = x[i] * work.weight[i] + work.bias[i];
    }
  }
}

void NormBackwardRows(const NormBackward& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const float* dy = work.y_gradient.data + r * work.y_gradient.stride;
    const float* n = work.normalized.data + r * work.normalized.stride;
    double plain = 0, weighted = 0;
    for (int64_t i = 0; i < work.columns; ++i) {
      plain += static_cast<double>(dy[i]) * work.weight[i];
      weighted += static_cast<double>(dy[i]) * work.weight[i] * n[i];
    }
    for (int64_t i = 0; i < work.columns; ++i) {
      const double g = static_cast<double>(dy[i]) * work.weight[i];
      const double d = (g - plain / work.columns - n[i] * weighted / work.columns) * work.reciprocal[r];
      work.sum_gradient.data[r * work.sum_gradient.stride + i] = static_cast<float>(d);
      if (!work.dropout) continue;
      work.x_gradient.data[r * work.x_gradient.stride + i] =
          static_cast<float>(d) * Factor(work.dropout, r * DropoutGroups(work.columns), i);
    }
  }
}

struct ValueAndSlope {
  double value, slope;
};

ValueAndSlope Apply(ActivationKind kind, double x) {
  constexpr double kPi = 3.14159265358979323846;
  switch (kind) {
    case ActivationKind::kGelu: {
      const double below = 0.5 * std::erfc(-x / std::sqrt(2.0));
      return {x * below, below + x * std::exp(-0.5 * x * x) / std::sqrt(2 * kPi)};
    }
    case ActivationKind::kGeluTanh: {
      const double factor = std::sqrt(2 / kPi), t = std::tanh(factor * (x + 0.044715 * x * x * x));
      const double slope = factor * (1 + 3 * 0.044715 * x * x);
      return {0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope};
    }
    case ActivationKind::kRelu:
      return {x <= 0 ? 0.0 : x, x <= 0 ? 0.0 : 1.0};
  }
  return {x, 1.0};
}

void ActivateRows(const Activate& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    for (int64_t i = 0; i < work.columns; ++i) {
      const ValueAndSlope result = Apply(work.kind, x[i]);
      if (work.keep_derivative) x[i] = static_cast<float>(result.slope);
      work.y.data[r * work.y.stride + i] = static_cast<float>(result.value);
    }
  }
}

void MultiplyRowsBy(const MultiplyRows& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t i = 0; i < work.columns; ++i) {
      work.x.data[r * work.x.stride + i] *= work.y.data[r * work.y.stride + i];
    }
  }
}

void SumColumns(const ColumnSums& work, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end; ++j) {
    double sum = work.add ? work.sums[j] : 0.0f;
    for (int64_t r = 0; r < work.rows; ++r) {
      const double x = work.x.data[r * work.x.stride + j];
      sum += work.y.data ? x * work.y.data[r * work.y.stride + j] : x;
    }
    work.sums[j] = static_cast<float>(sum);
  }
}

/** Pointers to one head's part of the rows of a sequence. */
struct Head {
  const Attention& work;
  int64_t first, length, head;

  float Dot(const ConstMatrix& x, int64_t i, const ConstMatrix& y, int64_t j) const {
    double sum = 0;
    for (int64_t d = 0; d < work.head_size; ++d) sum += static_cast<double>(At(x, i)[d]) * At(y, j)[d];
    return static_cast<float>(sum);
  }
  const float* At(const ConstMatrix& x, int64_t row) const {
    return x.data + (first + row) * x.stride + head * work.head_size;
  }
  float* At(const Matrix& x, int64_t row) const {
    return x.data + (first + row) * x.stride + head * work.head_size;
  }
  float Score(int64_t i, int64_t j) const {
    return Dot(work.query, i, work.key, j) / std::sqrt(static_cast<float>(work.head_size));
  }
  float DropFactor(int64_t i, int64_t j) const {
    return Factor(work.dropout, ((first + i) * work.heads + head) * DropoutGroups(work.longest), j);
  }
  float& LogSum(int64_t i) const { return work.log_sums[(first + i) * work.heads + head]; }
};

Head HeadOf(const Attention& work, int64_t sequence, int64_t head) {
  const int64_t first = work.starts[sequence];
  return {work, first, work.starts[sequence + 1] - first, head};
}

/** to += factor from, over a head's columns. */
void Add(const Head& head, const Matrix& to, int64_t row, double factor, const ConstMatrix& from,
         int64_t other) {
  for (int64_t d = 0; d < head.work.head_size; ++d) {
    head.At(to, row)[d] += static_cast<float>(factor * head.At(from, other)[d]);
  }
}

void Clear(const Head& head, const Matrix& to) {
  for (int64_t i = 0; i < head.length; ++i) std::fill_n(head.At(to, i), head.work.head_size, 0.0f);
}

void Attend(const Attention& work, int64_t sequence, int64_t index, float*) {
  const Head head = HeadOf(work, sequence, index);
  Clear(head, work.context);
  for (int64_t i = 0; i < head.length; ++i) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < head.length; ++j) most = std::max<double>(most, head.Score(i, j));
    for (int64_t j = 0; j < head.length; ++j) sum += std::exp(head.Score(i, j) - most);
    const double log_sum = most + std::log(sum);
    if (work.log_sums) head.LogSum(i) = static_cast<float>(log_sum);
    for (int64_t j = 0; j < head.length; ++j) {
      Add(head, work.context, i, std::exp(head.Score(i, j) - log_sum) * head.DropFactor(i, j), work.value, j);
    }
  }
}

void AttendBackward(const AttentionBackward& work, int64_t sequence, int64_t index, float*) {
  const Attention& forward = work.forward;
  const Head head = HeadOf(forward, sequence, index);
  for (const Matrix& to : {work.query_gradient, work.key_gradient, work.value_gradient}) Clear(head, to);
  const double scale = 1.0 / std::sqrt(static_cast<double>(forward.head_size));
  for (int64_t i = 0; i < head.length; ++i) {
    const auto probability = [&](int64_t j) { return std::exp(head.Score(i, j) - head.LogSum(i)); };
    const auto gradient = [&](int64_t j) {
      return head.Dot(work.context_gradient, i, forward.value, j) * head.DropFactor(i, j);
    };
    double along = 0;
    for (int64_t j = 0; j < head.length; ++j) along += probability(j) * gradient(j);
    for (int64_t j = 0; j < head.length; ++j) {
      const double of_score = probability(j) * (gradient(j) - along) * scale;
      Add(head, work.value_gradient, j, probability(j) * head.DropFactor(i, j), work.context_gradient, i);
      Add(head, work.query_gradient, i, of_score, forward.key, j);
      Add(head, work.key_gradient, j, of_score, forward.query, i);
    }
  }
}

void StepRange(const AdamWRange& work, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const double g = static_cast<double>(work.gradient[i]) * work.gradient_scale;
    const double m = work.exp_avg[i] * work.beta1 + g * (1 - work.beta1);
    const double v = work.exp_avg_sq[i] * work.beta2 + g * g * (1 - work.beta2);
    work.value[i] =
        static_cast<float>(work.value[i] * static_cast<double>(work.keep) -
                           work.step_size * m / (std::sqrt(v) * work.denominator_scale + work.eps));
    work.exp_avg[i] = static_cast<float>(m);
    work.exp_avg_sq[i] = static_cast<float>(v);
  }
}

double SumOfSquares(const float* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

}  // namespace

extern const Kernels kTable;
const Kernels kTable = {
    .name = "reference",
    .multiply = Multiply<Float32>,
    .multiply_bf16 = Multiply<BFloat16>,
    .multiply_int8 = MultiplyInt8,
    .pack = Pack,
    .drop = DropRows,
    .norm_forward = NormForwardRows,
    .norm_backward = NormBackwardRows,
    .activate = ActivateRows,
    .multiply_rows = MultiplyRowsBy,
    .column_sums = SumColumns,
    .attend = Attend,
    .attend_backward = AttendBackward,
    .adamw = StepRange,
    .sum_of_squares = SumOfSquares,
};

}  // namespace torchner::kernels::reference
