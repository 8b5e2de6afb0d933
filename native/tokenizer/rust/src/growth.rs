//! How much longer than its text a tokenizer may make it. A chain of rules that each write ten characters for one
//! fills the memory from a short sentence, and the crate has no limit of its own.

use crate::error::{checkpoint, Result};
use serde_json::Value;
use tokenizers::Tokenizer;

/// Published tokenizers stay under 20.
const MAX_GROWTH: f64 = 1000.0;

pub fn check(tokenizer: &Tokenizer) -> Result<()> {
    let steps = serde_json::json!([tokenizer.get_normalizer(), tokenizer.get_pre_tokenizer()]);
    let most = bound(&steps[0]) * bound(&steps[1]);
    if most > MAX_GROWTH {
        return checkpoint(format!(
            "tokenizer.json: its normalizer and pre_tokenizer can make a text {most:.0} times as long; \
             at most {MAX_GROWTH} times are accepted."
        ));
    }
    Ok(())
}

/// Bytes for a byte at most, of the steps whose growth is the file's choice. Unicode's forms are left out: they add a
/// constant (18 for NFKD) however often they are repeated.
fn bound(step: &Value) -> f64 {
    match step["type"].as_str() {
        Some("Sequence") => ["normalizers", "pretokenizers"]
            .iter()
            .filter_map(|key| step[key].as_array())
            .flatten()
            .map(bound)
            .product(),
        Some("Replace") => replaced(length(&step["content"]), step["pattern"]["String"].as_str()),
        Some("Prepend") => 1.0 + length(&step["prepend"]),
        Some("ByteLevel") => 2.0,
        // A blank becomes a character of up to 4 bytes, and one is put before the text.
        Some("Metaspace") => 5.0,
        _ => 1.0,
    }
}

/// An expression, and an empty text, can match between any two bytes.
fn replaced(content: f64, pattern: Option<&str>) -> f64 {
    match pattern {
        Some(text) if !text.is_empty() => f64::max(1.0, content / text.len() as f64),
        _ => 1.0 + content,
    }
}

fn length(text: &Value) -> f64 {
    text.as_str().map_or(0, str::len) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replace(pattern: Value, content: &str) -> Value {
        json!({"type": "Replace", "pattern": pattern, "content": content})
    }

    #[test]
    fn steps_of_a_sequence_multiply() {
        let ten = replace(json!({"String": "a"}), "aaaaaaaaaa");
        assert_eq!(bound(&ten), 10.0);
        let three = json!({"type": "Sequence", "normalizers": [ten, ten, {"type": "NFKD"}, ten]});
        assert_eq!(bound(&three), 1000.0);
        let nested = json!({"type": "Sequence", "pretokenizers": [three, {"type": "ByteLevel"}]});
        assert_eq!(bound(&nested), 2000.0);
    }

    #[test]
    fn what_matches_nothing_matches_everywhere() {
        assert_eq!(bound(&replace(json!({"Regex": "b*"}), "xyz")), 4.0);
        assert_eq!(bound(&replace(json!({"String": ""}), "xyz")), 4.0);
        assert_eq!(bound(&replace(json!({"String": "``"}), "\"")), 1.0);
    }
}
