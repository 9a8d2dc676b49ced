use crate::error::TlsError;

/// Where a connection stands.
///
/// ```text
///                       +------+
///        +--------------| Open |--------------+-----------------+
///        |              +------+              |                 |
///        | recv close_notify   |              | eof             | error, or eof in
///        v                     |              v                 | the handshake
///  +------------+              |        +-----------+           | send alert, unless
///  | PeerClosed |              |        | Truncated |           | the error is one
///  +------------+              |        +-----------+           |
///        | close()             | close()      | close()         |
///        | send close_notify   | likewise     | likewise        v
///        v                     v              v             +--------+
///     +--------------------------------------------+        | Failed |
///     |                   Closed                   |        +--------+
///     +--------------------------------------------+
/// ```
///
/// Data can be sent in the first two rows, once the handshake is done, which rustls knows.
#[derive(Debug)]
pub(crate) enum State {
    /// Records go both ways, those of the handshake first.
    Open,
    /// The peer sends no more, and said so.
    PeerClosed,
    /// The peer sends no more, and did not say so.
    Truncated,
    /// We send no more, and what arrives is discarded.
    ///
    /// RFC 8446, section 6.1: "Both parties need not wait to receive a 'close_notify' alert before
    /// closing their read side of the connection". To wait, rustls would have to read on: what it
    /// then found wrong, it could only tell the peer with an alert after close_notify.
    Closed {
        /// Whether the peer had sent its close_notify.
        peer_closed: bool,
    },
    /// Nothing goes either way.
    Failed(TlsError),
}
