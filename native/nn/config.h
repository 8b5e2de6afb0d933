#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace torchner {

/** An array or object: of use to others, wrong wherever the encoder reads. */
struct Nested {};

/** The entries of a config.json, by their own names. */
using ConfigMap = std::map<std::string, std::variant<std::nullptr_t, bool, double, std::string, Nested>>;

enum class Activation { kGelu, kGeluTanh, kRelu };

/** An encoder with a token-classification head, whatever family it came from. Sizes in elements. */
struct EncoderConfig {
  int64_t vocab_size;
  int64_t hidden_size;
  int64_t layers;
  int64_t heads;
  int64_t intermediate_size;
  int64_t max_positions;
  /** 0: the family has no token types. */
  int64_t type_vocab_size;
  int64_t num_labels;
  /** Row of the word embeddings that never gets a gradient; -1: none. */
  int64_t padding_id;
  Activation activation;
  double layer_norm_eps;
  double hidden_dropout;
  double attention_dropout;
  /** BERT drops the attention block's output as well; DistilBERT does not. */
  bool drop_attention_output;
  double classifier_dropout;
  double initializer_range;
};

// Readers of one entry. One of the wrong type is an ECHECKPOINT error naming config.json and the key;
// `fallback` is what transformers takes where it is absent.
int64_t SizeEntry(const ConfigMap& config, const std::string& key, int64_t fallback);
double NumberEntry(const ConfigMap& config, const std::string& key, double fallback);
bool FlagEntry(const ConfigMap& config, const std::string& key, bool fallback);
std::string TextEntry(const ConfigMap& config, const std::string& key, const std::string& fallback);
/** -1 where the entry is null. */
int64_t IdEntry(const ConfigMap& config, const std::string& key, int64_t fallback);
Activation ActivationEntry(const ConfigMap& config, const std::string& key);

/** Checks what one entry alone cannot show, such as heads dividing the hidden size. */
void CheckConfig(const EncoderConfig& config);

}  // namespace torchner
