#include "io/key_map.h"

#include <string_view>

namespace torchner {
namespace {

std::string ReplaceEnding(const std::string& name, std::string_view ending, std::string_view replacement) {
  if (!name.ends_with(ending)) return name;
  return name.substr(0, name.size() - ending.size()) + std::string(replacement);
}

}  // namespace

const Parameter* FindParameter(const TokenClassifier& model, const std::string& checkpoint_name) {
  const std::string name =
      ReplaceEnding(ReplaceEnding(checkpoint_name, "LayerNorm.gamma", "LayerNorm.weight"), "LayerNorm.beta",
                    "LayerNorm.bias");
  if (const Parameter* parameter = model.Find(name)) return parameter;
  return model.Find(model.keys().prefix + name);
}

}  // namespace torchner
