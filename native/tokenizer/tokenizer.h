#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct TnTokenizer;

namespace torchner {

/** `EncodeOptions` of the native contract. */
struct EncodeOptions {
  bool add_special_tokens = true;
  /** Pieces of a sequence at most, special tokens included. */
  std::optional<int64_t> max_length;
  /** Pieces shared by neighbouring windows; without it what is over `max_length` is cut off. */
  std::optional<int64_t> stride;
};

/** Texts, or sentences of words, laid end to end as UTF-8: a batch crosses into Rust as three arrays. */
struct TextBatch {
  std::string arena;
  /** End of each string in `arena`, in bytes. */
  std::vector<uint64_t> ends;
  /** End of each sentence in `ends`. Not used for texts, where each string is an input. */
  std::vector<uint64_t> rows;
  bool words = false;
};

/** Arrays of an encoded batch, `NativeEncodings` of the native contract. Sequences lie end to end. */
class Encodings {
 public:
  template <typename T>
  struct View {
    const T* data;
    size_t size;
  };

  View<int32_t> ids, word_ids, offsets, lengths, sources, truncated;
  View<uint8_t> type_ids, special_tokens_mask;

 private:
  friend class Tokenizer;
  std::shared_ptr<void> owner_;
};

/** BERT's own options, for a tokenizer made from its vocabulary. Special tokens left out have BERT's names.
 */
struct WordPieceOptions {
  bool lowercase = true;
  /** Left out: as `lowercase`, which is what the original BERT does. */
  std::optional<bool> strip_accents;
  bool tokenize_chinese_chars = true;
  std::optional<std::string> unk_token, cls_token, sep_token, pad_token, mask_token;
};

/**
 * A tokenizer of the Hugging Face `tokenizers` crate. The names are tokenizers-cpp's; encodings carry word
 * ids, offsets, masks and windows besides the ids. Immutable, so any number of threads may use one.
 * Truncation and padding stored in the file are ignored: each call brings its own.
 *
 * All throw torchner::Error: kCheckpoint where the file is at fault, kArgument where the options are.
 */
class Tokenizer {
 public:
  /** From the bytes of a `tokenizer.json`. */
  static std::unique_ptr<Tokenizer> FromBlobJSON(std::string_view json);
  /** From the bytes of a BERT `vocab.txt`. */
  static std::unique_ptr<Tokenizer> FromBlobVocab(std::string_view vocabulary,
                                                  const WordPieceOptions& options);

  Encodings Encode(const std::string& text, const EncodeOptions& options = {}) const;
  /** In parallel; sequences in the order of the inputs, the windows of one input together. */
  Encodings EncodeBatch(const TextBatch& batch, const EncodeOptions& options = {}) const;
  /** Ids that no token has are left out, as in Python. */
  std::string Decode(const std::vector<uint32_t>& ids, bool skip_special_tokens = false) const;

  /** Added tokens included. */
  size_t GetVocabSize() const;
  std::optional<std::string> IdToToken(uint32_t id) const;
  std::optional<uint32_t> TokenToId(std::string_view token) const;
  /** As `tokenizer.json`, truncation and padding off. */
  std::string ToJson() const;

 private:
  struct Free {
    void operator()(TnTokenizer* tokenizer) const;
  };
  explicit Tokenizer(TnTokenizer* tokenizer) : tokenizer_(tokenizer) {}

  std::unique_ptr<TnTokenizer, Free> tokenizer_;
};

}  // namespace torchner
