//! Batches of sentences to flat arrays, over several threads.

use crate::error::{argument, catching, checkpoint, Failure, Result, Status};
use crate::load::Loaded;
use crate::utf16::Utf16Map;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokenizers::{EncodeInput, Encoding, InputSequence};

/// Strings end to end in one arena. A row is one input: a text, or the words of a sentence.
pub struct Batch<'a> {
    arena: &'a str,
    /// End of each string in the arena, in bytes.
    ends: &'a [u64],
    /// End of each row in `ends`; None when every string is a row by itself.
    rows: Option<&'a [u64]>,
}

impl<'a> Batch<'a> {
    /// Checks all bounds once, so that the loops below cannot fail.
    pub fn new(arena: &'a [u8], ends: &'a [u64], rows: Option<&'a [u64]>) -> Result<Self> {
        let Ok(arena) = std::str::from_utf8(arena) else {
            return argument("the inputs are not UTF-8.");
        };
        let ascending = |ends: &[u64], last: usize| {
            ends.windows(2).all(|pair| pair[0] <= pair[1])
                && ends.last().is_none_or(|end| *end as usize == last)
        };
        let whole = ascending(ends, arena.len())
            && ends.iter().all(|end| arena.is_char_boundary(*end as usize))
            && rows.is_none_or(|rows| ascending(rows, ends.len()));
        if !whole {
            return argument("the inputs' bounds do not fit together.");
        }
        Ok(Self { arena, ends, rows })
    }

    pub fn len(&self) -> usize {
        self.rows.map_or(self.ends.len(), <[u64]>::len)
    }

    fn string(&self, index: usize) -> &'a str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.arena[start..self.ends[index] as usize]
    }

    /// The strings of one row.
    fn row(&self, index: usize) -> Range<usize> {
        match self.rows {
            None => index..index + 1,
            Some(rows) => (if index == 0 { 0 } else { rows[index - 1] as usize })..rows[index] as usize,
        }
    }
}

#[derive(Clone, Copy)]
pub struct Options {
    pub add_special_tokens: bool,
    pub max_length: Option<usize>,
    pub stride: Option<usize>,
}

/// Sequences laid end to end; `lengths[i]` pieces belong to sequence i.
#[derive(Default)]
pub struct Rows {
    pub ids: Vec<i32>,
    pub type_ids: Vec<u8>,
    pub word_ids: Vec<i32>,
    /// Start and end of each piece, UTF-16.
    pub offsets: Vec<i32>,
    pub special_tokens_mask: Vec<u8>,
    pub lengths: Vec<i32>,
    /// The input each sequence comes from.
    pub sources: Vec<i32>,
    /// Pieces of the input that no sequence holds.
    pub truncated: Vec<i32>,
}

impl Rows {
    fn append(&mut self, mut other: Rows) {
        self.ids.append(&mut other.ids);
        self.type_ids.append(&mut other.type_ids);
        self.word_ids.append(&mut other.word_ids);
        self.offsets.append(&mut other.offsets);
        self.special_tokens_mask.append(&mut other.special_tokens_mask);
        self.lengths.append(&mut other.lengths);
        self.sources.append(&mut other.sources);
        self.truncated.append(&mut other.truncated);
    }
}

/// Inputs taken by a thread at a time: large enough to make the hand-over cheap, small enough to even out
/// sentences of different lengths.
const CHUNK: usize = 32;
/// Below this a second thread costs more than it saves.
const BYTES_PER_THREAD: usize = 8 << 10;

pub fn encode(loaded: &Loaded, batch: &Batch, options: Options) -> Result<Rows> {
    let encoder = Encoder { loaded, batch, options, room: room(loaded, options)? };
    let chunks = batch.len().div_ceil(CHUNK);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.min(chunks).min(batch.arena.len().div_ceil(BYTES_PER_THREAD)).max(1);

    let next = AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(usize, Result<Rows>)> = Vec::new();
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                return done;
            }
            let inputs = chunk * CHUNK..((chunk + 1) * CHUNK).min(batch.len());
            let rows = catching(|| encoder.encode(inputs));
            if rows.is_err() {
                next.store(chunks, Ordering::Relaxed);
            }
            done.push((chunk, rows));
        }
    };
    // Scoped threads and no lasting pool: nothing is left running when the process or a worker ends. This thread
    // works too, so a machine that refuses new threads is only slower.
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> =
            (1..threads).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut done = work();
        for helper in helpers {
            done.extend(helper.join().expect("encoding catches its own panics"));
        }
        done
    });
    done.sort_unstable_by_key(|(chunk, _)| *chunk);

    let mut all = Rows::default();
    for (_, rows) in done {
        all.append(rows?);
    }
    Ok(all)
}

/// Pieces of the input that one sequence can hold; None = any number.
fn room(loaded: &Loaded, options: Options) -> Result<Option<usize>> {
    let Some(max_length) = options.max_length else {
        return match options.stride {
            None => Ok(None),
            Some(_) => argument("stride: needs maxLength, the size of the windows it overlaps."),
        };
    };
    let specials = if options.add_special_tokens { loaded.specials } else { 0 };
    if max_length <= specials {
        return argument(format!(
            "maxLength: {max_length} leaves no room beside the {specials} special tokens; give at least {}.",
            specials + 1
        ));
    }
    let room = max_length - specials;
    match options.stride {
        Some(stride) if stride >= room => argument(format!(
            "stride: {stride} must be less than the {room} pieces that maxLength {max_length} leaves for text."
        )),
        _ => Ok(Some(room)),
    }
}

struct Encoder<'a> {
    loaded: &'a Loaded,
    batch: &'a Batch<'a>,
    options: Options,
    room: Option<usize>,
}

impl Encoder<'_> {
    fn encode(&self, inputs: Range<usize>) -> Result<Rows> {
        let mut rows = Rows::default();
        let mut map = Utf16Map::default();
        for input in inputs {
            let encoding = self.encoding(input)?;
            self.emit(&encoding, input, &mut map, &mut rows)?;
        }
        Ok(rows)
    }

    fn encoding(&self, input: usize) -> Result<Encoding> {
        let strings = self.batch.row(input);
        let sequence = if self.batch.rows.is_some() {
            InputSequence::PreTokenizedCow(Cow::Owned(
                strings.map(|i| Cow::Borrowed(self.batch.string(i))).collect(),
            ))
        } else {
            InputSequence::Raw(Cow::Borrowed(self.batch.string(strings.start)))
        };
        self.loaded.tokenizer.encode(EncodeInput::Single(sequence), self.options.add_special_tokens).map_err(
            |error| Failure { status: Status::Checkpoint, message: format!("input {input}: {error}.") },
        )
    }

    /// Writes the encoding as one sequence, cut or windowed where it is longer than there is room.
    ///
    /// The whole encoding is cut, never the text: the crate drops the overflow of a text that it cuts itself
    /// (since 0.23.1), and a post-processor run again on a window would trim its offsets twice.
    fn emit(&self, encoding: &Encoding, input: usize, map: &mut Utf16Map, rows: &mut Rows) -> Result<()> {
        let length = encoding.len();
        let specials = if self.options.add_special_tokens { self.loaded.specials } else { 0 };
        let body_length = length.saturating_sub(specials);
        let Some(room) = self.room.filter(|room| body_length > *room) else {
            return self.emit_pieces(encoding, input, std::iter::once(0..length), 0, map, rows);
        };
        let body = body(encoding, specials)?;
        let step = self.options.stride.map(|stride| room - stride);
        let mut start = body.start;
        loop {
            let end = (start + room).min(body.end);
            let kept = [0..body.start, start..end, body.end..length];
            let lost = if step.is_some() { 0 } else { body.end - end };
            self.emit_pieces(encoding, input, kept.into_iter(), lost, map, rows)?;
            match step {
                Some(step) if end < body.end => start += step,
                _ => return Ok(()),
            }
        }
    }

    fn emit_pieces(
        &self,
        encoding: &Encoding,
        input: usize,
        kept: impl Iterator<Item = Range<usize>>,
        lost: usize,
        map: &mut Utf16Map,
        rows: &mut Rows,
    ) -> Result<()> {
        let strings = self.batch.row(input);
        let before = rows.ids.len();
        // The string whose offsets `map` holds.
        let mut mapped = None;
        for piece in kept.flatten() {
            let word = encoding.get_word_ids()[piece];
            let special = encoding.get_special_tokens_mask()[piece] != 0;
            let string = match word {
                Some(word) if self.batch.rows.is_some() => strings.start + word as usize,
                _ => strings.start,
            };
            let (start, end) = encoding.get_offsets()[piece];
            if special || strings.is_empty() {
                rows.offsets.extend([0, 0]);
            } else {
                if mapped != Some(string) {
                    map.reset(self.batch.string(string));
                    mapped = Some(string);
                }
                rows.offsets.extend([map.convert(start), map.convert(end)]);
            }
            let type_id = encoding.get_type_ids()[piece];
            let Ok(type_id) = u8::try_from(type_id) else {
                return checkpoint(format!(
                    "tokenizer.json: post_processor: token type {type_id} is above 255."
                ));
            };
            rows.ids.push(encoding.get_ids()[piece] as i32);
            rows.type_ids.push(type_id);
            rows.word_ids.push(if special { -1 } else { word.map_or(-1, |word| word as i32) });
            rows.special_tokens_mask.push(u8::from(special));
        }
        rows.lengths.push((rows.ids.len() - before) as i32);
        rows.sources.push(input as i32);
        rows.truncated.push(lost as i32);
        Ok(())
    }
}

/// Where the input's own pieces lie between the special tokens.
fn body(encoding: &Encoding, specials: usize) -> Result<Range<usize>> {
    let sequences = encoding.get_sequence_ids();
    let start = sequences.iter().position(Option::is_some).unwrap_or(0);
    let end = sequences.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    if sequences.len() - (end - start) != specials {
        return checkpoint(
            "tokenizer.json: the post_processor's template does not hold the text exactly once, so it cannot be \
             cut to maxLength.",
        );
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{from_vocab, WordPieceOptions};

    fn loaded() -> Loaded {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\n##b\n##c\n";
        from_vocab(
            vocabulary.as_bytes(),
            &WordPieceOptions {
                lowercase: true,
                strip_accents: None,
                tokenize_chinese_chars: true,
                unk: "[UNK]",
                cls: "[CLS]",
                sep: "[SEP]",
                pad: "[PAD]",
                mask: "[MASK]",
            },
        )
        .unwrap()
    }

    fn options(max_length: Option<usize>, stride: Option<usize>) -> Options {
        Options { add_special_tokens: true, max_length, stride }
    }

    fn words(sentences: &[&[&str]], options: Options) -> Result<Rows> {
        let mut arena = String::new();
        let (mut ends, mut rows) = (vec![], vec![]);
        for sentence in sentences {
            for word in *sentence {
                arena.push_str(word);
                ends.push(arena.len() as u64);
            }
            rows.push(ends.len() as u64);
        }
        encode(&loaded(), &Batch::new(arena.as_bytes(), &ends, Some(&rows))?, options)
    }

    #[test]
    fn pieces_know_their_word_and_their_place_in_it() {
        let rows = words(&[&["ab", "\u{200b}", "C"], &[]], options(None, None)).unwrap();
        assert_eq!(rows.lengths, [5, 2]);
        assert_eq!(rows.ids, [2, 5, 9, 7, 3, 2, 3]);
        assert_eq!(rows.word_ids, [-1, 0, 0, 2, -1, -1, -1]);
        assert_eq!(rows.offsets[2..8], [0, 1, 1, 2, 0, 1]);
        assert_eq!(rows.special_tokens_mask, [1, 0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn windows_cover_every_piece_and_keep_the_special_tokens() {
        let rows = words(&[&["abcab"]], options(Some(5), Some(1))).unwrap();
        assert_eq!(rows.lengths, [5, 5]);
        assert_eq!(rows.ids, [2, 5, 9, 10, 3, 2, 10, 8, 9, 3]);
        assert_eq!((rows.sources, rows.truncated), (vec![0, 0], vec![0, 0]));
    }

    #[test]
    fn without_a_stride_the_rest_is_counted() {
        let rows = words(&[&["abcab"], &["a"]], options(Some(4), None)).unwrap();
        assert_eq!(rows.ids, [2, 5, 9, 3, 2, 5, 3]);
        assert_eq!(rows.truncated, [3, 0]);
    }

    #[test]
    fn lengths_that_cannot_work_are_refused() {
        for bad in [options(Some(2), None), options(Some(4), Some(2)), options(None, Some(1))] {
            assert_eq!(words(&[&["a"]], bad).err().unwrap().status, Status::Argument);
        }
    }

    #[test]
    fn threads_do_not_change_the_order() {
        let sentence: Vec<&str> = ["ab", "c", "bca"].into_iter().cycle().take(40).collect();
        let sentences: Vec<&[&str]> = (0..2000).map(|i| &sentence[..i % 40]).collect();
        let together = words(&sentences, options(None, None)).unwrap();
        let mut apart = Rows::default();
        for sentence in &sentences {
            apart.append(words(&[sentence], options(None, None)).unwrap());
        }
        assert_eq!(together.ids, apart.ids);
        assert_eq!(together.lengths, apart.lengths);
        assert_eq!(together.sources, (0..2000).collect::<Vec<_>>());
    }

    #[test]
    fn bounds_that_do_not_fit_are_refused() {
        assert!(Batch::new("é".as_bytes(), &[1, 2], None).is_err(), "inside a character");
        assert!(Batch::new(b"ab", &[1], None).is_err(), "short of the arena");
        assert!(Batch::new(b"ab", &[2], Some(&[2])).is_err(), "more strings than there are");
    }
}
