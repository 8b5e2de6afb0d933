//! How much longer than its text a tokenizer may make it. A chain of rules that each write ten characters for one
//! fills the memory from a short sentence, and the crate has no limit of its own.

use crate::error::{checkpoint, Result};
use serde_json::{json, Value};
use tokenizers::Tokenizer;

/// Published tokenizers stay under it, ALBERT's the closest with a bound of 8,200: the bound takes each step at its
/// worst. What is accepted makes at most some megabytes of a sentence.
const MAX_GROWTH: f64 = 20_000.0;

pub fn check(tokenizer: &Tokenizer) -> Result<()> {
    let normalizing = bound(&json!(tokenizer.get_normalizer()));
    let encoding = normalizing * bound(&json!(tokenizer.get_pre_tokenizer()));
    let decoding = bound(&json!(tokenizer.get_decoder()));
    for (parts, most) in [("normalizer and pre_tokenizer", encoding), ("decoder", decoding)] {
        if most > MAX_GROWTH {
            return checkpoint(format!(
                "tokenizer.json: its {parts} can make a text {most:.0} times as long; \
                 at most {MAX_GROWTH} times are accepted."
            ));
        }
    }
    Ok(())
}

/// Bytes for a byte, at most. Steps that are not named here make nothing longer.
fn bound(step: &Value) -> f64 {
    match step["type"].as_str() {
        Some("Sequence") => ["normalizers", "pretokenizers", "decoders"]
            .iter()
            .filter_map(|key| step[key].as_array())
            .flatten()
            .map(bound)
            .product(),
        Some("Replace") => replaced(length(&step["content"]), step["pattern"]["String"].as_str()),
        Some("Prepend") => 1.0 + length(&step["prepend"]),
        Some("Precompiled") => longest_entry(step["precompiled_charsmap"].as_str().unwrap_or_default()),
        // U+FDFA has 3 bytes, and 33 in its compatibility form; U+0390 2 and 6.
        Some("NFKC" | "NFKD") => 11.0,
        Some("NFC" | "NFD") => 3.0,
        // U+0130 has 2 bytes, and 3 in lower case.
        Some("Lowercase") => 1.5,
        // Blanks around a Chinese character, the NFD of accents, and lower case.
        Some("BertNormalizer") => 5.0 / 3.0 * 3.0 * 1.5,
        // A byte may become a character of 2, and a blank be put before each word.
        Some("ByteLevel") => 4.0,
        // A blank becomes a character of up to 4 bytes, and one is put before the text.
        Some("Metaspace") => 5.0,
        // A blank for what they look for, which may be nothing.
        Some("BPEDecoder" | "CTC" | "WordPiece") => 2.0,
        _ => 1.0,
    }
}

/// An expression, and an empty text, can match before, after and between all bytes.
fn replaced(content: f64, pattern: Option<&str>) -> f64 {
    match pattern {
        Some(text) if !text.is_empty() => f64::max(1.0, content / text.len() as f64),
        _ => 1.0 + 2.0 * content,
    }
}

/// Of SentencePiece's map: a length, a trie of so many bytes, and the texts it points into, each ended by a zero.
fn longest_entry(base64: &str) -> f64 {
    let bytes = base64::decode(base64).unwrap_or_default();
    let trie = bytes.first_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let texts = bytes.get(4 + trie..).unwrap_or_default();
    texts.split(|byte| *byte == 0).map(<[u8]>::len).max().unwrap_or(0).max(1) as f64
}

fn length(text: &Value) -> f64 {
    text.as_str().map_or(0, str::len) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(pattern: Value, content: &str) -> Value {
        json!({"type": "Replace", "pattern": pattern, "content": content})
    }

    #[test]
    fn steps_of_a_sequence_multiply() {
        let ten = replace(json!({"String": "a"}), "aaaaaaaaaa");
        assert_eq!(bound(&ten), 10.0);
        let hundred = json!({"type": "Sequence", "decoders": [ten, {"type": "Strip"}, ten]});
        assert_eq!(bound(&hundred), 100.0);
        let nested = json!({"type": "Sequence", "pretokenizers": [hundred, {"type": "ByteLevel"}]});
        assert_eq!(bound(&nested), 400.0);
    }

    #[test]
    fn forms_of_unicode_count_each_time() {
        // Five of the letter are in what NFKD makes of the sign that it is replaced by.
        let round = [replace(json!({"String": "\u{644}"}), "\u{fdfa}"), json!({"type": "NFKD"})];
        let rounds = json!({"type": "Sequence", "normalizers": vec![round; 4].concat()});
        assert!(bound(&rounds) > f64::powi(5.0, 4));
    }

    #[test]
    fn what_matches_nothing_matches_everywhere() {
        assert_eq!(bound(&replace(json!({"Regex": "b*"}), "xyz")), 7.0);
        assert_eq!(bound(&replace(json!({"String": ""}), "xyz")), 7.0);
        assert_eq!(bound(&replace(json!({"String": "``"}), "\"")), 1.0);
    }

    #[test]
    fn a_precompiled_map_counts_its_longest_text() {
        let map =
            |texts: &[u8]| json!({"type": "Precompiled", "precompiled_charsmap": base64::encode(texts)});
        assert_eq!(bound(&map(b"\x04\0\0\0triea\0bcdef\0g")), 5.0);
        assert_eq!(bound(&map(b"\xff\0\0\0a")), 1.0);
    }
}
