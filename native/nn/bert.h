#pragma once

#include "nn/family.h"

namespace torchner {

/** BERT (Devlin et al., 2018), names and defaults as transformers' BertForTokenClassification. */
Family BertFamily(const ConfigMap& config, int64_t num_labels);

}  // namespace torchner
