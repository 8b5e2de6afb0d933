#pragma once

#include "nn/family.h"

namespace torchner {

/** DistilBERT (Sanh et al., 2019), names and defaults as transformers' DistilBertForTokenClassification. */
Family DistilBertFamily(const ConfigMap& config, int64_t num_labels);

}  // namespace torchner
