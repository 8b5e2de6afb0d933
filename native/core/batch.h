#pragma once

#include <cstdint>
#include <vector>

namespace torchner {

/** Labels with this id take no part in the loss, as in torch.nn.CrossEntropyLoss. */
constexpr int64_t kIgnoreIndex = -100;

/** One collated batch on the host, row-major [rows, width]. Empty vectors stand for absent fields. */
struct Batch {
  int64_t rows = 0;
  int64_t width = 0;
  std::vector<int64_t> input_ids;
  /** 1 = real, 0 = padding; empty = all real. */
  std::vector<int64_t> attention_mask;
  std::vector<int64_t> token_type_ids;
  std::vector<int64_t> labels;
};

}  // namespace torchner
