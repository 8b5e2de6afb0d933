//! Byte offsets in UTF-8 to offsets in UTF-16 code units, which is how JavaScript counts.

/// A reusable table for one string at a time; ASCII strings need none, since there both counts agree.
#[derive(Default)]
pub struct Utf16Map {
    /// `units[b]` = UTF-16 units before byte `b`; a byte inside a character counts as its start.
    units: Vec<u32>,
    ascii: bool,
    bytes: usize,
}

impl Utf16Map {
    pub fn reset(&mut self, text: &str) {
        self.ascii = text.is_ascii();
        self.bytes = text.len();
        if self.ascii {
            return;
        }
        self.units.clear();
        let mut before = 0;
        for character in text.chars() {
            self.units.extend(std::iter::repeat_n(before, character.len_utf8()));
            before += character.len_utf16() as u32;
        }
        self.units.push(before);
    }

    /// Offsets past the end (an invented trailing piece) count as the end.
    pub fn convert(&self, byte: usize) -> i32 {
        if self.ascii {
            return byte.min(self.bytes) as i32;
        }
        self.units[byte.min(self.units.len() - 1)] as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_surrogate_pairs_as_two_and_accents_as_one() {
        let text = "aé😀b";
        let mut map = Utf16Map::default();
        map.reset(text);
        let starts: Vec<i32> = text.char_indices().map(|(byte, _)| map.convert(byte)).collect();
        assert_eq!(starts, [0, 1, 2, 4]);
        assert_eq!(map.convert(text.len()), 5);
        assert_eq!(map.convert(2), 1, "inside é");
        assert_eq!(map.convert(99), 5, "past the end");
    }

    #[test]
    fn is_the_identity_on_ascii() {
        let mut map = Utf16Map::default();
        map.reset("é");
        map.reset("plain");
        assert_eq!((0..=5).map(|b| map.convert(b)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(map.convert(99), 5, "past the end");
    }
}
