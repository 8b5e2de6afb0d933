#include "tokenizer/tokenizer.h"

#include "core/error.h"
#include "tokenizer/rust/torchner_tokenizer.h"

namespace torchner {
namespace {

TnBytes Borrow(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/** A name that is not given is a null pointer. */
TnBytes BorrowIfGiven(const std::optional<std::string>& text) {
  return text ? Borrow(*text) : TnBytes{nullptr, 0};
}

std::string Take(TnString owned) {
  const std::unique_ptr<TnString, void (*)(TnString*)> guard(&owned, [](TnString* s) { tn_string_free(*s); });
  return {reinterpret_cast<const char*>(owned.data), owned.length};
}

void Check(TnStatus status, const TnString& error) {
  if (status == TN_OK) return;
  throw Error(status == TN_ARGUMENT ? ErrorCode::kArgument : ErrorCode::kCheckpoint, Take(error));
}

}  // namespace

void Tokenizer::Free::operator()(TnTokenizer* tokenizer) const {
  tn_free(tokenizer);
}

std::unique_ptr<Tokenizer> Tokenizer::FromBlobJSON(std::string_view json) {
  TnTokenizer* tokenizer;
  TnString error;
  Check(tn_load_json(Borrow(json), &tokenizer, &error), error);
  return std::unique_ptr<Tokenizer>(new Tokenizer(tokenizer));
}

std::unique_ptr<Tokenizer> Tokenizer::FromBlobVocab(std::string_view vocabulary,
                                                    const WordPieceOptions& options) {
  const TnWordPieceOptions given = {
      .lowercase = options.lowercase,
      .strip_accents = static_cast<int8_t>(options.strip_accents ? *options.strip_accents : -1),
      .tokenize_chinese_chars = options.tokenize_chinese_chars,
      .unk = BorrowIfGiven(options.unk_token),
      .cls = BorrowIfGiven(options.cls_token),
      .sep = BorrowIfGiven(options.sep_token),
      .pad = BorrowIfGiven(options.pad_token),
      .mask = BorrowIfGiven(options.mask_token),
  };
  TnTokenizer* tokenizer;
  TnString error;
  Check(tn_load_wordpiece(Borrow(vocabulary), &given, &tokenizer, &error), error);
  return std::unique_ptr<Tokenizer>(new Tokenizer(tokenizer));
}

Encodings Tokenizer::Encode(const std::string& text, const EncodeOptions& options) const {
  return EncodeBatch({.arena = text, .ends = {text.size()}, .rows = {}, .words = false}, options);
}

Encodings Tokenizer::EncodeBatch(const TextBatch& batch, const EncodeOptions& options) const {
  // A batch of no sentences still is one of sentences, and an empty vector may have no address.
  static constexpr uint64_t kNoRows = 0;
  const uint64_t* rows = batch.rows.empty() ? &kNoRows : batch.rows.data();
  const TnBatch given = {
      .arena = Borrow(batch.arena),
      .ends = batch.ends.data(),
      .string_count = batch.ends.size(),
      .rows = batch.words ? rows : nullptr,
      .row_count = batch.rows.size(),
  };
  const TnEncodeOptions how = {
      .add_special_tokens = options.add_special_tokens,
      .max_length = options.max_length.value_or(-1),
      .stride = options.stride.value_or(-1),
  };
  TnEncodings out;
  TnString error;
  Check(tn_encode(tokenizer_.get(), &given, &how, &out, &error), error);
  Encodings encodings;
  encodings.owner_ =
      std::shared_ptr<void>(out.owner, [](void* rows) { tn_encodings_free(static_cast<TnRows*>(rows)); });
  encodings.ids = {out.ids, out.pieces};
  encodings.type_ids = {out.type_ids, out.pieces};
  encodings.word_ids = {out.word_ids, out.pieces};
  encodings.offsets = {out.offsets, 2 * out.pieces};
  encodings.special_tokens_mask = {out.special_tokens_mask, out.pieces};
  encodings.lengths = {out.lengths, out.sequences};
  encodings.sources = {out.sources, out.sequences};
  encodings.truncated = {out.truncated, out.sequences};
  return encodings;
}

std::string Tokenizer::Decode(const std::vector<uint32_t>& ids, bool skip_special_tokens) const {
  TnString text, error;
  Check(tn_decode(tokenizer_.get(), ids.data(), ids.size(), skip_special_tokens, &text, &error), error);
  return Take(text);
}

size_t Tokenizer::GetVocabSize() const {
  return tn_vocab_size(tokenizer_.get());
}

std::optional<std::string> Tokenizer::IdToToken(uint32_t id) const {
  TnString token;
  if (!tn_id_to_token(tokenizer_.get(), id, &token)) return std::nullopt;
  return Take(token);
}

std::optional<uint32_t> Tokenizer::TokenToId(std::string_view token) const {
  const int64_t id = tn_token_to_id(tokenizer_.get(), Borrow(token));
  if (id < 0) return std::nullopt;
  return static_cast<uint32_t>(id);
}

std::string Tokenizer::ToJson() const {
  TnString json, error;
  Check(tn_to_json(tokenizer_.get(), &json, &error), error);
  return Take(json);
}

}  // namespace torchner
