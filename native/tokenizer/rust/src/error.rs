//! What an entry can answer besides success.

use std::any::Any;

/// Mirrors `TnStatus` of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum Status {
    Ok = 0,
    /// The tokenizer file cannot be used as it is.
    Checkpoint = 1,
    /// The caller's options cannot be met.
    Argument = 2,
}

#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Failure>;

pub fn checkpoint<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure { status: Status::Checkpoint, message: message.into() })
}

pub fn argument<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure { status: Status::Argument, message: message.into() })
}

/// Runs `body`; a panic becomes a checkpoint failure, because the crate panics on files that parse and yet make
/// no sense (a template naming a token it does not define, a pattern that cannot finish).
pub fn catching<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        checkpoint(format!("the tokenizer cannot work as its file describes it ({})", panic_text(&*panic)))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_text() {
        let failure = catching::<()>(|| panic!("row {}", 7)).unwrap_err();
        assert_eq!(failure.status, Status::Checkpoint);
        assert!(failure.message.contains("row 7"), "{}", failure.message);
    }
}
