#include "nn/config.h"

#include <cmath>

#include "core/error.h"

namespace torchner {
namespace {

[[noreturn]] void Refuse(const std::string& key, const std::string& why) {
  throw Error(ErrorCode::kCheckpoint, "config.json: " + key + " " + why);
}

template <typename T>
const T* Find(const ConfigMap& config, const std::string& key, const char* type) {
  const auto entry = config.find(key);
  if (entry == config.end() || std::holds_alternative<std::nullptr_t>(entry->second)) return nullptr;
  if (const T* value = std::get_if<T>(&entry->second)) return value;
  Refuse(key, std::string("is not ") + type + ".");
}

bool IsWhole(double number) {
  return std::floor(number) == number && std::abs(number) < 2147483648.0;
}

}  // namespace

int64_t SizeEntry(const ConfigMap& config, const std::string& key, int64_t fallback) {
  const double* number = Find<double>(config, key, "a number");
  if (!number) return fallback;
  if (!IsWhole(*number) || *number < 0) Refuse(key, "is not a whole number of at least 0.");
  return static_cast<int64_t>(*number);
}

double NumberEntry(const ConfigMap& config, const std::string& key, double fallback) {
  const double* number = Find<double>(config, key, "a number");
  return number ? *number : fallback;
}

bool FlagEntry(const ConfigMap& config, const std::string& key, bool fallback) {
  const bool* flag = Find<bool>(config, key, "true or false");
  return flag ? *flag : fallback;
}

std::string TextEntry(const ConfigMap& config, const std::string& key, const std::string& fallback) {
  const std::string* text = Find<std::string>(config, key, "a string");
  return text ? *text : fallback;
}

int64_t IdEntry(const ConfigMap& config, const std::string& key, int64_t fallback) {
  const auto entry = config.find(key);
  if (entry != config.end() && std::holds_alternative<std::nullptr_t>(entry->second)) return -1;
  return SizeEntry(config, key, fallback);
}

Activation ActivationEntry(const ConfigMap& config, const std::string& key) {
  const std::string name = TextEntry(config, key, "gelu");
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  Refuse(key, "'" + name + "' is not supported; gelu, gelu_new, gelu_pytorch_tanh and relu are.");
}

void CheckConfig(const EncoderConfig& config) {
  // Bounds far above any real model: one wrong digit must not eat the machine's memory.
  const auto within = [](const char* what, int64_t size, int64_t most) {
    if (size < 1 || size > most) Refuse(what, "must lie between 1 and " + std::to_string(most) + ".");
  };
  within("the vocabulary's size", config.vocab_size, 4'000'000);
  within("the hidden size", config.hidden_size, 1 << 16);
  within("the number of layers", config.layers, 1000);
  within("the intermediate size", config.intermediate_size, 1 << 20);
  within("the number of positions", config.max_positions, 1 << 20);
  if (config.type_vocab_size > 1 << 20) Refuse("type_vocab_size", "must be at most 1048576.");
  const auto finite = [](const char* key, double value) {
    if (!(value >= 0 && std::isfinite(value))) Refuse(key, "must be finite and at least 0.");
  };
  finite("layer_norm_eps", config.layer_norm_eps);
  finite("initializer_range", config.initializer_range);
  if (config.heads < 1 || config.hidden_size % config.heads != 0) {
    throw Error(ErrorCode::kCheckpoint, "config.json: the hidden size " + std::to_string(config.hidden_size) +
                                            " is not a multiple of the " + std::to_string(config.heads) +
                                            " attention heads.");
  }
  if (config.padding_id >= config.vocab_size) Refuse("pad_token_id", "is not inside the vocabulary.");
  for (const double p : {config.hidden_dropout, config.attention_dropout, config.classifier_dropout}) {
    if (!(p >= 0.0 && p < 1.0)) Refuse("dropout", "must be at least 0 and below 1.");
  }
  if (config.num_labels < 1) throw Error(ErrorCode::kArgument, "labels: at least one label is needed.");
}

}  // namespace torchner
