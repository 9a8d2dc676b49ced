use core::time::Duration;

use crate::extension::Compression;

/// The limits, the timeouts and the compression of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What the peer may make us hold or process.
    pub limits: Limits,
    /// How long we wait for the peer.
    pub timeouts: Timeouts,
    /// Whether and how messages are compressed.
    pub compression: Compression,
}

/// Bounds on what the peer controls, and on what waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message taken, in bytes of payload, once decompressed.
    ///
    /// Default 16 MiB: room for large documents and images, while a connection at its worst still
    /// fits a guest that is given 64 MiB. Beyond it the connection fails with 1009.
    pub message_len: u64,
    /// The longest payload of one data frame, in bytes.
    ///
    /// Default 16 MiB, as one frame may carry a whole message. Beyond it the connection fails
    /// with 1009, on the frame's header.
    pub frame_payload_len: u64,
    /// How much of a message that is taken by parts may wait to be taken, in bytes; at least 1.
    ///
    /// Default 64 KiB: what a shell reads from the stream at once. Beyond it no input is taken. A
    /// compressed message may exceed it, by 48 KiB at most: it is decompressed in steps.
    pub untaken_len: usize,
    /// The most fragments of one message.
    ///
    /// Default 131,072: it bounds the work that empty fragments can make us do, and leaves room
    /// for 16 MiB in fragments of 128 bytes. Beyond it the connection fails with 1008.
    pub fragment_count: u32,
    /// How many times as long a compressed message may become, beyond its first MiB.
    ///
    /// Default 256: text and data become 3 to 20 times as long, a few formats 100 times; only what
    /// is one byte over and over passes it (the most is 1,032 times). Whoever has us decompress
    /// without end pays a byte for each 256. Beyond it the connection fails with 1009. Memory is
    /// bounded by [`Self::message_len`], which counts what a message becomes.
    pub decompression_ratio: u32,
    /// The longest head of the server's answer in the opening handshake, in bytes: status line and
    /// header fields, those of interim answers included.
    ///
    /// Default 16 KiB, as Node.js and nginx have it. Beyond it the opening handshake fails.
    pub response_head_len: u32,
    /// How much may wait to be sent, in bytes of frames.
    ///
    /// Default 1 MiB: more than a round trip holds on most paths. While at least this much waits,
    /// messages and pings are refused and nothing is lost. One message may exceed it, so that a
    /// message longer than the limit can be sent at all.
    pub outgoing_len: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_len: 16 << 20,
            frame_payload_len: 16 << 20,
            untaken_len: 64 << 10,
            fragment_count: 131_072,
            decompression_ratio: 256,
            response_head_len: 16 << 10,
            outgoing_len: 1 << 20,
        }
    }
}

/// How long we wait before we act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the server's answer in the opening handshake, from the moment the connection exists.
    ///
    /// Default 30 s: the answer takes one round trip, but a server may be starting up. After it
    /// the opening handshake fails.
    pub handshake: Duration,
    /// For the closing handshake and the end of the stream, from the moment the first Close frame
    /// is queued or received.
    ///
    /// Default 10 s, as Python's websockets has it. After it the connection counts as closed.
    pub closing: Duration,
    /// For the application to answer the messages that it took, before a Close frame of the peer is
    /// answered or the connection fails for what the peer sent.
    ///
    /// Default 20 ms. Messages often come in one piece with what ends the connection, and the
    /// application gets them in one piece then; what it sends at once is to go out, as after it
    /// nothing can. It is time for a turn of a busy application, and hardly delays an end.
    pub answering: Duration,
    /// For the pong to a ping.
    ///
    /// Default 30 s, as the API that this one follows has it. After it the connection fails.
    pub pong: Duration,
    /// After how much silence of the peer a ping is sent without being asked for.
    ///
    /// Default never.
    pub ping_interval: Option<Duration>,
    /// After how long without a compressed message of ours the memory of the compressor is given
    /// back. The next one is longer then, as it refers to none before it.
    ///
    /// Default 10 s: those who talk keep it, and those who listen cost nothing.
    pub compressor_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(30),
            closing: Duration::from_secs(10),
            answering: Duration::from_millis(20),
            pong: Duration::from_secs(30),
            ping_interval: None,
            compressor_idle: Duration::from_secs(10),
        }
    }
}
