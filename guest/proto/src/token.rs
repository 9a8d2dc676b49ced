/// Names one command (`send`, `ping` or `close`) in the events that tell how it went.
///
/// Tokens of one connection are distinct and rise in the order of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

impl Token {
    /// The token as a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Hands out the tokens of one connection.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    last: u64,
}

impl Tokens {
    pub(crate) fn next(&mut self) -> Token {
        self.last += 1;
        Token(self.last)
    }
}
