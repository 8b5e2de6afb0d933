#include "nn/registry.h"

#include <array>

#include "core/error.h"
#include "nn/bert.h"
#include "nn/distilbert.h"

namespace torchner {
namespace {

struct Entry {
  const char* model_type;
  Family (*read)(const ConfigMap&, int64_t);
};
constexpr std::array kFamilies = {Entry{"bert", BertFamily}, Entry{"distilbert", DistilBertFamily}};

}  // namespace

Family ReadFamily(const ConfigMap& config, int64_t num_labels) {
  const std::string model_type = TextEntry(config, "model_type", "");
  std::string known;
  for (const Entry& entry : kFamilies) {
    if (model_type == entry.model_type) {
      Family family = entry.read(config, num_labels);
      CheckConfig(family.config);
      return family;
    }
    known += known.empty() ? entry.model_type : std::string(", ") + entry.model_type;
  }
  throw Error(ErrorCode::kCheckpoint,
              model_type.empty() ? "config.json: model_type is missing; it must be one of " + known + "."
                                 : "config.json: model_type '" + model_type +
                                       "' is not supported; these are: " + known + ".");
}

}  // namespace torchner
