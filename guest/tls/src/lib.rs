//! TLS as a client speaks it (RFC 8446, and RFC 5246 for servers that are older): plaintext in,
//! records out, and the other way round.
//!
//! ```text
//!   plaintext --- send ---------> +-----+ --- poll_transmit ---> records to the server
//!                                 | Tls |
//!   plaintext <-- poll_plaintext- +-----+ <-- handle_input ----- records of the server
//! ```
//!
//! There is no socket and no clock in this crate; it is `no_std`. The one source of randomness is
//! that of the crypto provider, which `provider.rs` alone names. Those who have a stream, the
//! shells, drive a [`Tls`] by this contract:
//!
//! 1. *Drive.* After [`Tls::new`], after any command ([`send`](Tls::send), [`close`](Tls::close))
//!    and any handler ([`handle_input`], [`handle_eof`]), or several of them: write
//!    [`poll_transmit`] to the stream until it is empty or the stream is full, telling
//!    [`advance_transmit`] how much; take [`poll_plaintext`], telling [`advance_plaintext`] how
//!    much. An error is no reason to do less: the alert that tells the peer is in
//!    [`poll_transmit`], and what arrived whole before the error is in [`poll_plaintext`].
//! 2. *Progress.* [`handle_input`] takes all that it is given, decrypts all records that are
//!    complete, and holds on to the start of one that is not.
//! 3. *Bounded memory.* What is held of the peer's bytes is the start of one record, at most
//!    18 KiB, and in front of it at most [`MAX_HELD_LEN`] of records with handshake messages that
//!    are not complete; beside the plaintext of what was given last, if the caller takes it each
//!    time. A caller that does not take it stops giving input, which stops the peer. What is owed
//!    to the peer is bounded by what the caller sends: the peer can add a handshake's few records
//!    to it, one refusal to renegotiate, a KeyUpdate for each command, and one alert. Sessions to
//!    resume are bounded in number (see [`TlsContext`]), so that a flood of tickets replaces
//!    itself. Where the peer could make us work for nothing, there is an end to it: 33 KeyUpdates
//!    without data between them are an error, as are 33 empty records in a row, five warning
//!    alerts, and a second request to renegotiate.
//! 4. *Chunking does not matter.* Any split of the same input gives the same plaintext, the same
//!    records to transmit and the same error.
//! 5. *Finality.* After an error other than [`TlsError::Truncated`] nothing goes either way:
//!    handlers return the same error again, and [`send`](Tls::send) refuses. After `Truncated`, or
//!    once [`is_peer_closed`](Tls::is_peer_closed), nothing arrives any more, but data can still
//!    be sent. After [`close`](Tls::close) what arrives is discarded and handlers succeed.
//! 6. *Verification.* The server's certificate is verified, always: chain, dates, purpose and
//!    name. There is no switch. What can be chosen are the [`Roots`].
//!
//! The handshake is done when [`is_handshaking`](Tls::is_handshaking) turns false. In TLS 1.3 the
//! server may refuse us even then, so that its alert comes from a later [`handle_input`].
//!
//! What is not here: the server's side, client certificates, early data, whether a certificate is
//! revoked.
//!
//! [`handle_input`]: Tls::handle_input
//! [`handle_eof`]: Tls::handle_eof
//! [`poll_transmit`]: Tls::poll_transmit
//! [`advance_transmit`]: Tls::advance_transmit
//! [`poll_plaintext`]: Tls::poll_plaintext
//! [`advance_plaintext`]: Tls::advance_plaintext

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "rustls"),
    expect(dead_code, reason = "without TLS nothing makes its errors")
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(not(feature = "rustls"))]
mod absent;
mod alert;
mod certificate;
mod error;
#[cfg(feature = "rustls")]
mod present;

#[cfg(all(test, feature = "rustls"))]
mod tests;

#[cfg(not(feature = "rustls"))]
pub use absent::*;
pub use alert::Alert;
pub use certificate::CertificateProblem;
pub use error::{SendError, TlsError};
#[cfg(feature = "rustls")]
pub use present::*;
