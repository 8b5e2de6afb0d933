#pragma once

#include "nn/family.h"

namespace torchner {

/** The family that config.json's `model_type` names, read and checked. Throws kCheckpoint. */
Family ReadFamily(const ConfigMap& config, int64_t num_labels);

}  // namespace torchner
