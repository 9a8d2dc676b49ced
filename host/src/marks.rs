use crate::error::{Error, Part};

/// When a queue is full, and when it has room again: its high and its low mark, in bytes and in
/// messages.
///
/// A queue is full while it has as many bytes, or as many messages, as the high mark says, or more:
/// the last message may be longer than what was left. It has fallen to the low mark once it has
/// neither more bytes nor more messages than that says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    high: Level,
    low: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    bytes: u64,
    messages: u64,
}

impl Marks {
    /// A high mark of so many bytes and so many messages, each at least 1, and a low one of half of
    /// them.
    pub const fn new(bytes: u64, messages: u64) -> Self {
        Self {
            high: Level { bytes, messages },
            low: Level {
                bytes: bytes / 2,
                messages: messages / 2,
            },
        }
    }

    /// Another low mark: both numbers are less than those of the high one.
    #[must_use]
    pub const fn low(mut self, bytes: u64, messages: u64) -> Self {
        self.low = Level { bytes, messages };
        self
    }

    pub(crate) fn is_full(&self, bytes: u64, messages: u64) -> bool {
        bytes >= self.high.bytes || messages >= self.high.messages
    }

    pub(crate) fn is_low(&self, bytes: u64, messages: u64) -> bool {
        bytes <= self.low.bytes && messages <= self.low.messages
    }

    /// Fails if a queue could be full and low at once: it would be stopped and started without end.
    pub(crate) fn check(&self, queue: &str) -> Result<(), Error> {
        let Self { high, low } = self;
        if low.bytes < high.bytes && low.messages < high.messages {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            part: Part::Limit,
            message: format!(
                "the low mark of the {queue} ({} bytes, {} messages) is not below the high one ({} \
                 bytes, {} messages)",
                low.bytes, low.messages, high.bytes, high.messages
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_full_by_bytes_or_by_messages_and_low_by_both() {
        let marks = Marks::new(10, 4);
        assert!(!marks.is_full(9, 3));
        assert!(marks.is_full(10, 0));
        assert!(marks.is_full(0, 4));
        assert!(marks.is_low(5, 2));
        assert!(!marks.is_low(6, 0));
        assert!(!marks.is_low(0, 3));
    }

    #[test]
    fn a_low_mark_is_below_the_high_one() {
        assert_eq!(Marks::new(1, 1).check("queue"), Ok(()));
        for marks in [
            Marks::new(0, 1),
            Marks::new(1, 0),
            Marks::new(2, 2).low(2, 1),
            Marks::new(2, 2).low(1, 2),
        ] {
            let error = marks.check("queue").unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::InvalidArgument {
                        part: Part::Limit,
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
}
