//! Tokenizers from the bytes of `tokenizer.json` or `vocab.txt`, with the checks that hostile files need.

use crate::error::{checkpoint, Failure, Result, Status};
use crate::growth;
use serde::Deserialize;
use serde_json::json;
use tokenizers::{Encoding, Token, Tokenizer};

/// Far above any published tokenizer (the largest are about 35 MB and 260,000 entries), far below what would
/// exhaust memory.
const MAX_FILE_BYTES: usize = 256 << 20;
const MAX_VOCABULARY: usize = 4_000_000;

const MODEL_KINDS: [&str; 4] = ["BPE", "Unigram", "WordLevel", "WordPiece"];

/// A loaded tokenizer whose own truncation and padding are off: every call brings its own.
pub struct Loaded {
    pub tokenizer: Tokenizer,
    /// Special tokens that the post-processor adds to one sequence.
    pub specials: usize,
}

/// The two keys looked at before the crate parses the file, so that a wrong kind gets a message of its own.
#[derive(Deserialize)]
struct Peek {
    model: Option<PeekModel>,
}

#[derive(Deserialize)]
struct PeekModel {
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub fn from_json(bytes: &[u8]) -> Result<Loaded> {
    let text = readable(bytes, "tokenizer.json")?;
    let peek: Peek = serde_json::from_str(text).map_err(|error| bad_json(&error))?;
    let Some(model) = peek.model else {
        return checkpoint(
            "tokenizer.json has no \"model\": it is not a tokenizer of the tokenizers library.",
        );
    };
    // Old files leave the kind out; the crate then finds it from the fields.
    if let Some(kind) = model.kind {
        if !MODEL_KINDS.contains(&kind.as_str()) {
            return checkpoint(format!(
                "tokenizer.json: model.type \"{}\" is unknown; known are {}.",
                shortened(&kind),
                MODEL_KINDS.join(", ")
            ));
        }
    }
    checked(serde_json::from_str(text).map_err(|error| bad_json(&error))?)
}

fn checked(mut tokenizer: Tokenizer) -> Result<Loaded> {
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|error| failure(error.to_string()))?;

    let vocabulary = tokenizer.get_vocab(true);
    let largest = vocabulary.values().max().copied().unwrap_or(0) as usize;
    if vocabulary.is_empty() {
        return checkpoint("the tokenizer's vocabulary is empty.");
    }
    if vocabulary.len() > MAX_VOCABULARY || largest >= MAX_VOCABULARY {
        return checkpoint(format!(
            "the tokenizer has {} tokens with ids up to {largest}; at most {MAX_VOCABULARY} are accepted.",
            vocabulary.len()
        ));
    }
    growth::check(&tokenizer)?;
    // Also shows now, and not at the first sentence, that the post-processor's template is whole.
    let specials = tokenizer
        .post_process(Encoding::default(), None, true)
        .map_err(|error| failure(format!("tokenizer.json: post_processor: {error}")))?;
    if let Some(id) = specials.get_ids().iter().find(|id| **id as usize >= MAX_VOCABULARY) {
        return checkpoint(format!(
            "tokenizer.json: post_processor: adds a token of id {id}; at most {MAX_VOCABULARY} are accepted."
        ));
    }
    let one = Encoding::from_tokens(vec![Token::new(0, "a".to_owned(), (0, 1))], 0);
    let around = tokenizer
        .post_process(one, None, true)
        .map_err(|error| failure(format!("tokenizer.json: post_processor: {error}")))?;
    if around.len() > specials.len() + 1 {
        return checkpoint("tokenizer.json: post_processor: puts the text more than once into its sequence.");
    }
    Ok(Loaded { tokenizer, specials: specials.len() })
}

pub struct WordPieceOptions<'a> {
    pub lowercase: bool,
    /// None: as `lowercase`, which is what the original BERT does.
    pub strip_accents: Option<bool>,
    pub tokenize_chinese_chars: bool,
    pub unk: &'a str,
    pub cls: &'a str,
    pub sep: &'a str,
    pub pad: &'a str,
    /// May be missing from the vocabulary: only pretraining needs it.
    pub mask: &'a str,
}

/// BERT's tokenizer from its vocabulary, one token a line, the id being the line. A repeated token keeps its
/// last line, as in Python.
pub fn from_vocab(bytes: &[u8], options: &WordPieceOptions) -> Result<Loaded> {
    let text = readable(bytes, "vocab.txt")?;
    let mut vocabulary = serde_json::Map::new();
    for (id, line) in text.lines().enumerate() {
        if id >= MAX_VOCABULARY {
            return checkpoint(format!("vocab.txt has more than {MAX_VOCABULARY} lines."));
        }
        vocabulary.insert(line.trim_end().to_owned(), json!(id));
    }

    let required = [options.unk, options.cls, options.sep, options.pad];
    let missing: Vec<&str> = required.into_iter().filter(|token| !vocabulary.contains_key(*token)).collect();
    if !missing.is_empty() {
        return checkpoint(format!(
            "vocab.txt ({} tokens) lacks the special token{} {}; it must be a BERT vocabulary, one token a line, \
             and special tokens with other names belong in tokenizer_config.json.",
            vocabulary.len(),
            if missing.len() == 1 { "" } else { "s" },
            missing.join(", ")
        ));
    }

    let special = |token: &str| {
        json!({"id": vocabulary[token], "content": token, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true})
    };
    let mut names: Vec<&str> = required.to_vec();
    if vocabulary.contains_key(options.mask) {
        names.push(options.mask);
    }
    names.sort_by_key(|name| vocabulary[*name].as_u64());
    names.dedup();
    let added: Vec<_> = names.into_iter().map(special).collect();

    let piece = |kind: &str, id: &str, type_id: u32| json!({kind: {"id": id, "type_id": type_id}});
    let template_token = |token: &str| json!({"id": token, "ids": [vocabulary[token]], "tokens": [token]});
    let whole = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": options.tokenize_chinese_chars,
            "strip_accents": options.strip_accents,
            "lowercase": options.lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                piece("SpecialToken", options.cls, 0),
                piece("Sequence", "A", 0),
                piece("SpecialToken", options.sep, 0),
            ],
            "pair": [
                piece("SpecialToken", options.cls, 0),
                piece("Sequence", "A", 0),
                piece("SpecialToken", options.sep, 0),
                piece("Sequence", "B", 1),
                piece("SpecialToken", options.sep, 1),
            ],
            "special_tokens": {
                options.cls: template_token(options.cls),
                options.sep: template_token(options.sep),
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece",
            "unk_token": options.unk,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    });
    // Through text: some of the crate's parts read themselves from text only.
    checked(serde_json::from_str(&whole.to_string()).map_err(|error| failure(format!("vocab.txt: {error}")))?)
}

/// The file as text, without a byte order mark; says what it is where it is something else.
fn readable<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    if bytes.len() > MAX_FILE_BYTES {
        return checkpoint(format!(
            "{name} has {} bytes; at most {MAX_FILE_BYTES} are accepted.",
            bytes.len()
        ));
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return checkpoint(format!(
            "{name} is a git-lfs pointer, not the file itself; run `git lfs pull` in the model's folder."
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        failure(format!("{name}:{line}: not UTF-8; save the file as UTF-8."))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return checkpoint(format!("{name} is empty."));
    }
    Ok(text)
}

fn bad_json(error: &serde_json::Error) -> Failure {
    let what = if error.is_data() { "not a usable tokenizer" } else { "not valid JSON" };
    failure(format!("tokenizer.json: {what}: {error}."))
}

fn failure(message: String) -> Failure {
    Failure { status: Status::Checkpoint, message }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\n";

    pub fn options() -> WordPieceOptions<'static> {
        WordPieceOptions {
            lowercase: true,
            strip_accents: None,
            tokenize_chinese_chars: true,
            unk: "[UNK]",
            cls: "[CLS]",
            sep: "[SEP]",
            pad: "[PAD]",
            mask: "[MASK]",
        }
    }

    fn message<T>(result: Result<T>) -> String {
        let failure = result.err().expect("must fail");
        assert_eq!(failure.status, Status::Checkpoint);
        failure.message
    }

    fn ids(loaded: &Loaded, text: &str) -> Vec<u32> {
        loaded.tokenizer.encode(text, true).unwrap().get_ids().to_vec()
    }

    #[test]
    fn a_vocabulary_makes_berts_tokenizer() {
        let loaded = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap();
        assert_eq!(loaded.specials, 2);
        assert_eq!(ids(&loaded, "Hello worlds x"), [2, 5, 6, 7, 1, 3]);
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_change_nothing() {
        let windows = format!("\u{feff}{}", VOCABULARY.replace('\n', "\r\n"));
        let loaded = from_vocab(windows.as_bytes(), &options()).unwrap();
        assert_eq!(ids(&loaded, "hello worlds"), [2, 5, 6, 7, 3]);
    }

    #[test]
    fn the_last_of_repeated_lines_counts() {
        let loaded = from_vocab(format!("{VOCABULARY}hello\n").as_bytes(), &options()).unwrap();
        assert_eq!(ids(&loaded, "hello"), [2, 8, 3]);
    }

    #[test]
    fn missing_special_tokens_are_named() {
        let text = message(from_vocab(b"[PAD]\n[UNK]\nhello\n", &options()));
        assert!(text.contains("[CLS], [SEP]"), "{text}");
    }

    #[test]
    fn bytes_that_are_not_text_name_their_line() {
        assert!(message(from_vocab(b"[PAD]\n[UNK]\n\xff\n", &options())).starts_with("vocab.txt:3:"));
        assert!(message(from_json(b"{\"a\": \"\xff\"}")).starts_with("tokenizer.json:1:"));
        assert!(message(from_json(b"  \n")).contains("empty"));
        assert!(message(from_json(b"version https://git-lfs.github.com/spec/v1\n")).contains("git lfs pull"));
    }

    #[test]
    fn json_that_is_no_tokenizer_is_refused() {
        assert!(message(from_json(b"{\"model\": ")).contains("not valid JSON"));
        assert!(message(from_json(b"{}")).contains("no \"model\""));
        assert!(message(from_json(b"[1, 2]")).contains("not a usable tokenizer"));
        let kind = message(from_json(br#"{"model": {"type": "Syllable", "vocab": {}}}"#));
        assert!(kind.contains("\"Syllable\"") && kind.contains("WordPiece"), "{kind}");
        let nested = format!("{{\"model\": {}", "[".repeat(100_000));
        assert!(message(from_json(nested.as_bytes())).starts_with("tokenizer.json:"));
    }

    #[test]
    fn what_a_loaded_tokenizer_writes_loads_again() {
        let loaded = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap();
        let json = loaded.tokenizer.to_string(true).unwrap();
        let again = from_json(json.as_bytes()).unwrap();
        assert_eq!(again.tokenizer.to_string(true).unwrap(), json);
        assert_eq!(ids(&again, "Hello"), [2, 5, 3]);
    }

    #[test]
    fn stored_truncation_and_padding_are_cleared() {
        let json = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap().tokenizer.to_string(false).unwrap();
        let stored = json
            .replace(
                "\"truncation\":null",
                "\"truncation\":{\"max_length\":3,\"strategy\":\"LongestFirst\",\"stride\":0}",
            )
            .replace(
                "\"padding\":null",
                "\"padding\":{\"strategy\":{\"Fixed\":16},\"direction\":\"Right\",\"pad_to_multiple_of\":null,\
                 \"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"[PAD]\"}",
            );
        assert_ne!(stored, json);
        let loaded = from_json(stored.as_bytes()).unwrap();
        assert_eq!(ids(&loaded, "hello hello hello hello"), [2, 5, 5, 5, 5, 3]);
    }

    #[test]
    fn rules_that_make_a_text_endless_are_refused() {
        let json = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap().tokenizer.to_string(false).unwrap();
        let start = json.find("\"normalizer\":").unwrap() + "\"normalizer\":".len();
        let end = json.find(",\"pre_tokenizer\"").unwrap();
        let rules = |count: usize| {
            let rule = r#"{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaa"}"#;
            let all = vec![rule; count].join(",");
            format!("{}{{\"type\":\"Sequence\",\"normalizers\":[{all}]}}{}", &json[..start], &json[end..])
        };
        from_json(rules(4).as_bytes()).unwrap();
        assert!(message(from_json(rules(5).as_bytes())).contains("100000 times as long"));
    }

    #[test]
    fn a_template_that_repeats_the_text_is_refused() {
        let json = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap().tokenizer.to_string(false).unwrap();
        let text = "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}";
        let twice = json.replacen(text, &format!("{text},{text}"), 1);
        assert_ne!(twice, json);
        assert!(message(from_json(twice.as_bytes())).contains("more than once"));
    }

    #[test]
    fn ids_beyond_the_cap_are_refused() {
        let json = from_vocab(VOCABULARY.as_bytes(), &options()).unwrap().tokenizer.to_string(false).unwrap();
        let huge = json.replace("\"world\":6", "\"world\":4294967295");
        assert_ne!(huge, json);
        assert!(message(from_json(huge.as_bytes())).contains("4294967295"));
        let template = json.replace("\"ids\":[2]", "\"ids\":[4294967295]");
        assert_ne!(template, json);
        assert!(message(from_json(template.as_bytes())).contains("post_processor"));
    }
}
