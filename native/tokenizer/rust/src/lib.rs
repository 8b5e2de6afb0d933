//! The C ABI of `torchner_tokenizer.h`. Every entry that can fail answers a status and an owned message, and no
//! panic crosses the boundary.

mod encode;
mod error;
mod growth;
mod load;
mod utf16;

use encode::{Batch, Options, Rows};
use error::{argument, catching, checkpoint, Failure, Result, Status};
use load::{Loaded, WordPieceOptions};
use std::sync::Once;

/// Bytes owned by this library; freed by `tn_string_free`. No terminator.
#[repr(C)]
pub struct TnString {
    data: *mut u8,
    length: usize,
}

impl TnString {
    const NONE: TnString = TnString { data: std::ptr::null_mut(), length: 0 };
}

impl From<String> for TnString {
    fn from(text: String) -> Self {
        let bytes = Box::leak(text.into_bytes().into_boxed_slice());
        TnString { data: bytes.as_mut_ptr(), length: bytes.len() }
    }
}

/// Bytes owned by the caller; null stands for "not given".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TnBytes {
    data: *const u8,
    length: usize,
}

#[repr(C)]
pub struct TnWordPieceOptions {
    lowercase: bool,
    /// -1 = not given.
    strip_accents: i8,
    tokenize_chinese_chars: bool,
    unk: TnBytes,
    cls: TnBytes,
    sep: TnBytes,
    pad: TnBytes,
    mask: TnBytes,
}

#[repr(C)]
pub struct TnBatch {
    arena: TnBytes,
    ends: *const u64,
    string_count: usize,
    /// Null: every string is an input by itself.
    rows: *const u64,
    row_count: usize,
}

#[repr(C)]
pub struct TnEncodeOptions {
    add_special_tokens: bool,
    /// -1 = not given.
    max_length: i64,
    stride: i64,
}

/// The arrays of an encoding; they live as long as `owner`.
#[repr(C)]
pub struct TnEncodings {
    owner: *mut Rows,
    pieces: usize,
    ids: *const i32,
    type_ids: *const u8,
    word_ids: *const i32,
    offsets: *const i32,
    special_tokens_mask: *const u8,
    sequences: usize,
    lengths: *const i32,
    sources: *const i32,
    truncated: *const i32,
}

/// A slice of what C handed over; C++'s empty vectors have a null pointer.
unsafe fn slice<'a, T>(data: *const T, length: usize) -> &'a [T] {
    if length == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, length)
    }
}

unsafe fn bytes<'a>(given: TnBytes) -> &'a [u8] {
    slice(given.data, given.length)
}

unsafe fn text<'a>(given: TnBytes, name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes(given)).or_else(|_| argument(format!("{name}: not UTF-8.")))
}

/// Runs an entry: on success writes its value to `out`, else the message to `error`.
unsafe fn entry<T>(out: *mut T, error: *mut TnString, body: impl FnOnce() -> Result<T>) -> Status {
    // The crate's panics are reported as errors; the default hook would print them as well. This library has its
    // own copy of the standard library, so the hook is nobody else's.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    match catching(body) {
        Ok(value) => {
            out.write(value);
            Status::Ok
        }
        Err(Failure { status, message }) => {
            error.write(message.into());
            status
        }
    }
}

/// # Safety
/// `json` must be readable, `out` and `error` writable.
#[no_mangle]
pub unsafe extern "C" fn tn_load_json(json: TnBytes, out: *mut *mut Loaded, error: *mut TnString) -> Status {
    entry(out, error, || Ok(Box::into_raw(Box::new(load::from_json(bytes(json))?))))
}

/// # Safety
/// `vocabulary` and all of `options` must be readable, `out` and `error` writable.
#[no_mangle]
pub unsafe extern "C" fn tn_load_wordpiece(
    vocabulary: TnBytes,
    options: *const TnWordPieceOptions,
    out: *mut *mut Loaded,
    error: *mut TnString,
) -> Status {
    entry(out, error, || {
        let given = &*options;
        let token = |given: TnBytes, name: &str, usual: &'static str| {
            if given.data.is_null() {
                Ok(usual)
            } else {
                text(given, name)
            }
        };
        let options = WordPieceOptions {
            lowercase: given.lowercase,
            strip_accents: (given.strip_accents >= 0).then_some(given.strip_accents != 0),
            tokenize_chinese_chars: given.tokenize_chinese_chars,
            unk: token(given.unk, "unkToken", "[UNK]")?,
            cls: token(given.cls, "clsToken", "[CLS]")?,
            sep: token(given.sep, "sepToken", "[SEP]")?,
            pad: token(given.pad, "padToken", "[PAD]")?,
            mask: token(given.mask, "maskToken", "[MASK]")?,
        };
        Ok(Box::into_raw(Box::new(load::from_vocab(bytes(vocabulary), &options)?)))
    })
}

/// # Safety
/// `tokenizer` must come from this library and is gone afterwards; null is allowed.
#[no_mangle]
pub unsafe extern "C" fn tn_free(tokenizer: *mut Loaded) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

/// # Safety
/// All of `batch` and `options` must be readable, `out` and `error` writable. Any number of threads may encode
/// with one tokenizer at a time.
#[no_mangle]
pub unsafe extern "C" fn tn_encode(
    tokenizer: *const Loaded,
    batch: *const TnBatch,
    options: *const TnEncodeOptions,
    out: *mut TnEncodings,
    error: *mut TnString,
) -> Status {
    entry(out, error, || {
        let (given, options) = (&*batch, &*options);
        let rows = (!given.rows.is_null()).then(|| slice(given.rows, given.row_count));
        let batch = Batch::new(bytes(given.arena), slice(given.ends, given.string_count), rows)?;
        let options = Options {
            add_special_tokens: options.add_special_tokens,
            max_length: usize::try_from(options.max_length).ok(),
            stride: usize::try_from(options.stride).ok(),
        };
        let rows = Box::new(encode::encode(&*tokenizer, &batch, options)?);
        Ok(TnEncodings {
            pieces: rows.ids.len(),
            ids: rows.ids.as_ptr(),
            type_ids: rows.type_ids.as_ptr(),
            word_ids: rows.word_ids.as_ptr(),
            offsets: rows.offsets.as_ptr(),
            special_tokens_mask: rows.special_tokens_mask.as_ptr(),
            sequences: rows.lengths.len(),
            lengths: rows.lengths.as_ptr(),
            sources: rows.sources.as_ptr(),
            truncated: rows.truncated.as_ptr(),
            owner: Box::into_raw(rows),
        })
    })
}

/// # Safety
/// `owner` must come from `tn_encode`; its arrays are gone afterwards. Null is allowed.
#[no_mangle]
pub unsafe extern "C" fn tn_encodings_free(owner: *mut Rows) {
    if !owner.is_null() {
        drop(Box::from_raw(owner));
    }
}

/// # Safety
/// `ids` must be readable, `out` and `error` writable.
#[no_mangle]
pub unsafe extern "C" fn tn_decode(
    tokenizer: *const Loaded,
    ids: *const u32,
    count: usize,
    skip_special_tokens: bool,
    out: *mut TnString,
    error: *mut TnString,
) -> Status {
    entry(out, error, || {
        let decoded = (*tokenizer).tokenizer.decode(slice(ids, count), skip_special_tokens);
        decoded.map(TnString::from).or_else(|error| checkpoint(format!("decode: {error}.")))
    })
}

/// The tokenizer as `tokenizer.json`, with truncation and padding off.
///
/// # Safety
/// `out` and `error` must be writable.
#[no_mangle]
pub unsafe extern "C" fn tn_to_json(
    tokenizer: *const Loaded,
    out: *mut TnString,
    error: *mut TnString,
) -> Status {
    entry(out, error, || {
        let json = (*tokenizer).tokenizer.to_string(true);
        json.map(TnString::from).or_else(|error| checkpoint(format!("tokenizer.json: {error}.")))
    })
}

/// Number of tokens, added ones included.
///
/// # Safety
/// `tokenizer` must come from this library.
#[no_mangle]
pub unsafe extern "C" fn tn_vocab_size(tokenizer: *const Loaded) -> usize {
    catching(|| Ok((*tokenizer).tokenizer.get_vocab_size(true))).unwrap_or(0)
}

/// False where no token has this id; `out` is written only on true.
///
/// # Safety
/// `out` must be writable.
#[no_mangle]
pub unsafe extern "C" fn tn_id_to_token(tokenizer: *const Loaded, id: u32, out: *mut TnString) -> bool {
    let token = catching(|| Ok((*tokenizer).tokenizer.id_to_token(id))).unwrap_or(None);
    let found = token.is_some();
    out.write(token.map_or(TnString::NONE, TnString::from));
    found
}

/// The token's id; -1 where there is none.
///
/// # Safety
/// `token` must be readable.
#[no_mangle]
pub unsafe extern "C" fn tn_token_to_id(tokenizer: *const Loaded, token: TnBytes) -> i64 {
    let Ok(token) = std::str::from_utf8(bytes(token)) else { return -1 };
    catching(|| Ok((*tokenizer).tokenizer.token_to_id(token))).unwrap_or(None).map_or(-1, i64::from)
}

/// # Safety
/// `string` must come from this library and is gone afterwards.
#[no_mangle]
pub unsafe extern "C" fn tn_string_free(string: TnString) {
    if !string.data.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(string.data, string.length)));
    }
}
