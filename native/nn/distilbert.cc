#include "nn/distilbert.h"

#include "core/error.h"

namespace torchner {
namespace {

EncoderConfig ReadConfig(const ConfigMap& config, int64_t num_labels) {
  if (FlagEntry(config, "sinusoidal_pos_embds", false)) {
    throw Error(ErrorCode::kCheckpoint,
                "config.json: sinusoidal_pos_embds is not supported; only learned position embeddings are.");
  }
  const double dropout = NumberEntry(config, "dropout", 0.1);
  return {
      .vocab_size = SizeEntry(config, "vocab_size", 30522),
      .hidden_size = SizeEntry(config, "dim", 768),
      .layers = SizeEntry(config, "n_layers", 6),
      .heads = SizeEntry(config, "n_heads", 12),
      .intermediate_size = SizeEntry(config, "hidden_dim", 3072),
      .max_positions = SizeEntry(config, "max_position_embeddings", 512),
      .type_vocab_size = 0,
      .num_labels = num_labels,
      .padding_id = IdEntry(config, "pad_token_id", 0),
      .activation = ActivationEntry(config, "activation"),
      .layer_norm_eps = 1e-12,  // fixed in transformers, not read from the configuration
      .hidden_dropout = dropout,
      .attention_dropout = NumberEntry(config, "attention_dropout", 0.1),
      .drop_attention_output = false,
      .classifier_dropout = dropout,
      .initializer_range = NumberEntry(config, "initializer_range", 0.02),
  };
}

KeyMap Keys() {
  return {
      .prefix = "distilbert.",
      .word_embeddings = "embeddings.word_embeddings",
      .position_embeddings = "embeddings.position_embeddings",
      .token_type_embeddings = "",
      .embedding_norm = "embeddings.LayerNorm",
      .layer = "transformer.layer.",
      .query = "attention.q_lin",
      .key = "attention.k_lin",
      .value = "attention.v_lin",
      .attention_output = "attention.out_lin",
      .attention_norm = "sa_layer_norm",
      .intermediate = "ffn.lin1",
      .output = "ffn.lin2",
      .output_norm = "output_layer_norm",
      .classifier = "classifier",
  };
}

}  // namespace

Family DistilBertFamily(const ConfigMap& config, int64_t num_labels) {
  return {ReadConfig(config, num_labels), Keys()};
}

}  // namespace torchner
