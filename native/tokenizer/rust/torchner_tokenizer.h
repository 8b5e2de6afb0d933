/*
 * C ABI of the crate in this folder; src/lib.rs defines each name, in this order. Only
 * native/tokenizer/tokenizer.cc includes it.
 *
 * Functions that can fail answer a status: on TN_OK they write `out`, else an owned message to `error`.
 */
#ifndef TORCHNER_TOKENIZER_H_
#define TORCHNER_TOKENIZER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  TN_OK = 0,
  /* The tokenizer file cannot be used as it is. */
  TN_CHECKPOINT = 1,
  /* The caller's options cannot be met. */
  TN_ARGUMENT = 2
} TnStatus;

typedef struct TnTokenizer TnTokenizer;
typedef struct TnRows TnRows;

/* Bytes of the library, UTF-8 without a terminator; tn_string_free frees them. */
typedef struct {
  uint8_t* data;
  size_t length;
} TnString;

/* Bytes of the caller; null stands for "not given". */
typedef struct {
  const uint8_t* data;
  size_t length;
} TnBytes;

typedef struct {
  bool lowercase;
  int8_t strip_accents; /* -1 = as lowercase */
  bool tokenize_chinese_chars;
  TnBytes unk, cls, sep, pad, mask; /* null: BERT's own */
} TnWordPieceOptions;

/* Strings end to end. An input is a run of strings (the words of a sentence) or one string (a text). */
typedef struct {
  TnBytes arena;
  const uint64_t* ends; /* end of each string, in bytes */
  size_t string_count;
  const uint64_t* rows; /* end of each input, in strings; null: every string is a text */
  size_t row_count;
} TnBatch;

typedef struct {
  bool add_special_tokens;
  int64_t max_length; /* -1 = not given */
  int64_t stride;     /* -1 = not given */
} TnEncodeOptions;

/* Sequences end to end; the arrays live as long as `owner`. */
typedef struct {
  TnRows* owner;
  size_t pieces;
  const int32_t* ids;
  const uint8_t* type_ids;
  const int32_t* word_ids; /* -1 = special token */
  const int32_t* offsets;  /* two per piece, UTF-16 code units */
  const uint8_t* special_tokens_mask;
  size_t sequences;
  const int32_t* lengths;
  const int32_t* sources;
  const int32_t* truncated;
} TnEncodings;

TnStatus tn_load_json(TnBytes json, TnTokenizer** out, TnString* error);
TnStatus tn_load_wordpiece(TnBytes vocabulary, const TnWordPieceOptions* options, TnTokenizer** out,
                           TnString* error);
void tn_free(TnTokenizer* tokenizer);

/* Any number of threads may encode with one tokenizer at a time. */
TnStatus tn_encode(const TnTokenizer* tokenizer, const TnBatch* batch, const TnEncodeOptions* options,
                   TnEncodings* out, TnString* error);
void tn_encodings_free(TnRows* owner);

TnStatus tn_decode(const TnTokenizer* tokenizer, const uint32_t* ids, size_t count, bool skip_special_tokens,
                   TnString* out, TnString* error);
TnStatus tn_to_json(const TnTokenizer* tokenizer, TnString* out, TnString* error);
size_t tn_vocab_size(const TnTokenizer* tokenizer);
bool tn_id_to_token(const TnTokenizer* tokenizer, uint32_t id, TnString* out);
int64_t tn_token_to_id(const TnTokenizer* tokenizer, TnBytes token); /* -1 = none */
void tn_string_free(TnString string);

#ifdef __cplusplus
}
#endif

#endif
