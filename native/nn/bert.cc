#include "nn/bert.h"

#include "core/error.h"

namespace torchner {
namespace {

EncoderConfig ReadConfig(const ConfigMap& config, int64_t num_labels) {
  const std::string positions = TextEntry(config, "position_embedding_type", "absolute");
  if (positions != "absolute") {
    throw Error(ErrorCode::kCheckpoint, "config.json: position_embedding_type '" + positions +
                                            "' is not supported; only absolute is.");
  }
  const double hidden_dropout = NumberEntry(config, "hidden_dropout_prob", 0.1);
  return {
      .vocab_size = SizeEntry(config, "vocab_size", 30522),
      .hidden_size = SizeEntry(config, "hidden_size", 768),
      .layers = SizeEntry(config, "num_hidden_layers", 12),
      .heads = SizeEntry(config, "num_attention_heads", 12),
      .intermediate_size = SizeEntry(config, "intermediate_size", 3072),
      .max_positions = SizeEntry(config, "max_position_embeddings", 512),
      .type_vocab_size = SizeEntry(config, "type_vocab_size", 2),
      .num_labels = num_labels,
      .padding_id = IdEntry(config, "pad_token_id", 0),
      .activation = ActivationEntry(config, "hidden_act"),
      .layer_norm_eps = NumberEntry(config, "layer_norm_eps", 1e-12),
      .hidden_dropout = hidden_dropout,
      .attention_dropout = NumberEntry(config, "attention_probs_dropout_prob", 0.1),
      .drop_attention_output = true,
      .classifier_dropout = NumberEntry(config, "classifier_dropout", hidden_dropout),
      .initializer_range = NumberEntry(config, "initializer_range", 0.02),
  };
}

KeyMap Keys() {
  return {
      .prefix = "bert.",
      .word_embeddings = "embeddings.word_embeddings",
      .position_embeddings = "embeddings.position_embeddings",
      .token_type_embeddings = "embeddings.token_type_embeddings",
      .embedding_norm = "embeddings.LayerNorm",
      .layer = "encoder.layer.",
      .query = "attention.self.query",
      .key = "attention.self.key",
      .value = "attention.self.value",
      .attention_output = "attention.output.dense",
      .attention_norm = "attention.output.LayerNorm",
      .intermediate = "intermediate.dense",
      .output = "output.dense",
      .output_norm = "output.LayerNorm",
      .classifier = "classifier",
  };
}

}  // namespace

Family BertFamily(const ConfigMap& config, int64_t num_labels) {
  return {ReadConfig(config, num_labels), Keys()};
}

}  // namespace torchner
