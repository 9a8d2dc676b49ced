//! Exchanges with a server as data: what the server sends, and what the client is to tell of it and
//! to answer. For what the Autobahn suite does not ask.
//!
//! Nothing here knows what plays an exchange: one [`Case`] is played to the core alone, natively,
//! and to the built component, and the same is expected of both. A case is written piece by piece,
//! as a dialogue, so that it also says what is expected if the stream ends at any of its bytes
//! ([`Case::expected_at`]): a piece ends with the byte by which something happens, and nothing may
//! happen before.
//!
//! ```
//! # use integration_tests::corpus::Case;
//! Case::open("a ping between fragments")
//!     .sends(b"\x01\x03Hel")
//!     .pings(b"still there?")
//!     .sends(b"\x80\x02lo")
//!     .tells_text("Hello")
//!     .closes(1000, "bye");
//! ```
//!
//! Where RFC 6455 leaves a choice, the case says what Node's `ws`, Python's `websockets` and
//! browsers do.

mod answers;
mod case;
mod closing;
mod compression;
mod control;
mod fields;
mod fragments;
mod frames;
mod refusals;
mod text;
mod told;

pub use answers::cases as answers;
pub use case::{Case, Ending, Expected, Frame, Offer, Piece};
pub use closing::cases as closing;
pub use compression::cases as compression;
pub use control::cases as control;
pub use fields::cases as fields;
pub use fragments::cases as fragments;
pub use frames::cases as frames;
pub use refusals::cases as refusals;
pub use text::cases as text;
pub use told::{Fault, Field, Refused, Told};

/// How many cases there are, so that none gets lost unnoticed.
pub const COUNT: usize = 608;

/// All cases, topic by topic.
pub fn all() -> Vec<Case> {
    [
        answers(),
        fields(),
        refusals(),
        frames(),
        fragments(),
        text(),
        control(),
        closing(),
        compression(),
    ]
    .concat()
}
