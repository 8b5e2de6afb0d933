#pragma once

#include <string>

#include "nn/token_classifier.h"

namespace torchner {

/**
 * The parameter that a checkpoint's tensor name stands for, nullptr where there is none. Accepts names
 * without the family's prefix (checkpoints of the bare encoder) and LayerNorm's `gamma`/`beta` of TensorFlow
 * conversions.
 */
const Parameter* FindParameter(const TokenClassifier& model, const std::string& checkpoint_name);

}  // namespace torchner
