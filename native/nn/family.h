#pragma once

#include <string>

#include "nn/config.h"

namespace torchner {

/**
 * Where a family's checkpoints keep each block: the names of `state_dict()` in transformers, without
 * `.weight` and `.bias`. Layer names are relative to `layer<i>.`.
 */
struct KeyMap {
  std::string prefix;
  std::string word_embeddings, position_embeddings, token_type_embeddings, embedding_norm;
  std::string layer;
  std::string query, key, value, attention_output, attention_norm;
  std::string intermediate, output, output_norm;
  std::string classifier;
};

/** A model family: how its config.json reads, and how its checkpoints are named. */
struct Family {
  EncoderConfig config;
  KeyMap keys;
};

}  // namespace torchner
