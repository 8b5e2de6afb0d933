#pragma once

#include <string>
#include <vector>

#include "nn/token_classifier.h"

namespace torchner {

/** What loading found; names are the checkpoint's own, or the model's where the checkpoint has none. */
struct LoadReport {
  struct Mismatch {
    std::string name;
    std::vector<int64_t> file, model;
  };
  std::vector<std::string> missing, unexpected;
  std::vector<Mismatch> mismatched;
};

/**
 * Fills a model from safetensors or torch.save files as they really are: with or without the family's prefix,
 * LayerNorm's `gamma`/`beta`, buffers, poolers and heads of other tasks. Parameters the files lack are
 * initialised freshly and reported. A tensor of another shape is a kCheckpoint error listing them all, unless
 * `ignore_mismatched` (then it is initialised and reported). Files with nothing of the encoder are refused.
 * No file: everything is initialised.
 */
LoadReport LoadCheckpoint(TokenClassifier& model, const std::vector<std::string>& paths,
                          bool ignore_mismatched);

}  // namespace torchner
