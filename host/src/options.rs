use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceAny;

use crate::bindings::{client, types};
use crate::compression::Compression;
use crate::error::Error;
use crate::event::Header;
use crate::grants::Grants;
use crate::marks::Marks;
use crate::sandbox::Sandbox;

/// As the component has it. Waiting for an instance of a pool is part of it.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// As the component has it. The connection's task keeps it too.
const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Enough that a busy application finds work after each wake-up; as many events as are so long if they
/// are empty.
const DEFAULT_RECEIVE_MARKS: Marks = Marks::new(1 << 20, 16_384);

/// More than a round trip holds on most paths, and enough that one turn sends many small messages
/// with one write.
const DEFAULT_SEND_MARKS: Marks = Marks::new(1 << 20, 1_024);

/// How to connect. One serves any number of connections.
///
/// Options are judged when they are used: connecting fails with [`Error::InvalidArgument`], which
/// names the part, before anything is sent. Timeouts and intervals have to be more than zero.
///
/// [`Error::InvalidArgument`]: crate::Error::InvalidArgument
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) grants: Option<Grants>,
    pub(crate) headers: Vec<Header>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) origin: Option<String>,
    pub(crate) roots: Vec<Arc<[u8]>>,
    pub(crate) without_built_in_roots: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) pong_timeout: Option<Duration>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) max_message_size: Option<u64>,
    pub(crate) max_frame_size: Option<u64>,
    pub(crate) max_fragments: Option<u32>,
    pub(crate) max_response_head: Option<u32>,
    pub(crate) max_buffered_amount: Option<u64>,
    pub(crate) max_decompression_ratio: Option<u32>,
    pub(crate) compression: Compression,
    pub(crate) stream_messages_over: Option<u64>,
    pub(crate) receive_marks: Option<Marks>,
    pub(crate) send_marks: Option<Marks>,
}

impl Options {
    /// All options at their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the connection may reach, in place of what the runtime grants to all.
    #[must_use]
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = Some(grants);
        self
    }

    /// Adds a header field to the request, after those added before. Names may repeat.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(Header {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Offers a subprotocol, after those offered before. Default: none.
    #[must_use]
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Sends this origin (RFC 6455, section 10.2), as browsers do. Default: none.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Trusts these root certificates too: PEM, one or more. Default: those that Mozilla trusts.
    #[must_use]
    pub fn roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into().into());
        self
    }

    /// Trusts only the roots that are added.
    #[must_use]
    pub fn without_built_in_roots(mut self) -> Self {
        self.without_built_in_roots = true;
        self
    }

    /// Bounds the time from the start to the open connection. Default: 30 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Bounds the time from the first Close frame to the end of the connection. Default: 10 s.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = Some(timeout);
        self
    }

    /// Bounds the time from a ping to its pong; the connection fails after it. Default: 30 s.
    #[must_use]
    pub fn pong_timeout(mut self, timeout: Duration) -> Self {
        self.pong_timeout = Some(timeout);
        self
    }

    /// Sends a ping whenever nothing came from the server for this long. Default: never.
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = Some(interval);
        self
    }

    /// Sets whether and how messages are compressed. Default: [`Compression::new`].
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Bounds how many times the length of what arrived of it a compressed message may have, beyond
    /// its first MiB: at least 1. Default: 256. The connection fails beyond it, and the server is
    /// told so with close code 1009.
    #[must_use]
    pub fn max_decompression_ratio(mut self, ratio: u32) -> Self {
        self.max_decompression_ratio = Some(ratio);
        self
    }

    /// Bounds a message of the server, in bytes, decompressed: 1 to 1,073,741,824. Default:
    /// 16,777,216. The connection fails beyond it, and the server is told so with close code 1009.
    #[must_use]
    pub fn max_message_size(mut self, bytes: u64) -> Self {
        self.max_message_size = Some(bytes);
        self
    }

    /// Bounds the payload of a frame of the server, as [`Self::max_message_size`] does a message.
    #[must_use]
    pub fn max_frame_size(mut self, bytes: u64) -> Self {
        self.max_frame_size = Some(bytes);
        self
    }

    /// Bounds the fragments of a message of the server: at least 1. Default: 131,072. The
    /// connection fails beyond it, and the server is told so with close code 1008.
    #[must_use]
    pub fn max_fragments(mut self, count: u32) -> Self {
        self.max_fragments = Some(count);
        self
    }

    /// Bounds the head of the server's answer to the opening handshake, in bytes: 64 to 1,048,576.
    /// Default: 16,384.
    #[must_use]
    pub fn max_response_head(mut self, bytes: u32) -> Self {
        self.max_response_head = Some(bytes);
        self
    }

    /// Gives messages of the server that are longer than this, in bytes, as streams: they begin with
    /// [`Event::MessageStart`](crate::Event::MessageStart), and the memory that they take does not
    /// depend on their length. [`Self::max_message_size`] bounds them all the same. Default: all
    /// messages come whole.
    #[must_use]
    pub fn stream_messages_over(mut self, bytes: u64) -> Self {
        self.stream_messages_over = Some(bytes);
        self
    }

    /// How much may wait to be received before the connection stops reading, so that TCP slows the
    /// server down, and how little has to be left before it reads again. An event counts 64 bytes
    /// beside its payload, and so does each part of a message that is read as a stream. What was read
    /// at once, about 512 KiB, or one message, may come on top. Default: 1 MiB and 16,384 events;
    /// half of that.
    #[must_use]
    pub fn receive_marks(mut self, marks: Marks) -> Self {
        self.receive_marks = Some(marks);
        self
    }

    /// How much may wait to be sent before sending waits, and how little has to be left for
    /// [`Sender::drained`](crate::Sender::drained). Counts what was handed in and is not yet handed
    /// to the transport. Default: 1 MiB and 1,024 messages; half of that.
    #[must_use]
    pub fn send_marks(mut self, marks: Marks) -> Self {
        self.send_marks = Some(marks);
        self
    }

    /// Bounds what waits in the component to be sent, in bytes: 1 to 1,073,741,824. Default:
    /// 1,048,576. Sending waits while at least this much does; a single message may be longer. What
    /// waits in all is bounded by [`Self::send_marks`] before.
    #[must_use]
    pub fn max_buffered_amount(mut self, bytes: u64) -> Self {
        self.max_buffered_amount = Some(bytes);
        self
    }
}

impl Options {
    pub(crate) fn connect_timeout_or_default(&self) -> Duration {
        self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT)
    }

    pub(crate) fn close_timeout_or_default(&self) -> Duration {
        self.close_timeout.unwrap_or(DEFAULT_CLOSE_TIMEOUT)
    }

    /// Without the roots, which the host's TLS has in place of the guest's; but for that there are
    /// none, which the guest refuses if it is to be secure.
    #[cfg(feature = "wasi-tls")]
    pub(crate) fn without_roots(mut self) -> Self {
        self.without_built_in_roots &= self.roots.is_empty();
        self.roots.clear();
        self
    }

    pub(crate) fn without_streams(mut self) -> Self {
        self.stream_messages_over = None;
        self
    }

    /// The marks of what waits to be received, and of what waits to be sent.
    pub(crate) fn marks(&self) -> Result<(Marks, Marks), Error> {
        let receive = self.receive_marks.unwrap_or(DEFAULT_RECEIVE_MARKS);
        let send = self.send_marks.unwrap_or(DEFAULT_SEND_MARKS);
        receive.check("receiving queue")?;
        send.check("sending queue")?;
        Ok((receive, send))
    }

    /// Makes the guest's options of these, of whose connect timeout this much is left. The inner error
    /// is the guest's judgement, the outer one a trap.
    pub(crate) async fn apply(
        &self,
        store: &mut Sandbox,
        client: &client::Guest,
        connect_timeout: Duration,
    ) -> wasmtime::Result<Result<ResourceAny, types::InvalidArgument>> {
        let guest = client.connect_options();
        let options = guest.call_constructor(&mut *store).await?;
        let set = self.set(store, guest, options, connect_timeout).await?;
        if set.is_err() {
            options.resource_drop_async(store).await?;
        }
        Ok(set.map(|()| options))
    }

    async fn set(
        &self,
        store: &mut Sandbox,
        guest: client::GuestConnectOptions<'_>,
        options: ResourceAny,
        connect_timeout: Duration,
    ) -> wasmtime::Result<Result<(), types::InvalidArgument>> {
        /// Calls a setter, and returns from the function if it fails in either way.
        macro_rules! set {
            ($call:ident, $($argument:expr),*) => {
                if let Err(argument) = guest.$call(&mut *store, options, $($argument),*).await? {
                    return Ok(Err(argument));
                }
            };
        }

        for header in &self.headers {
            set!(call_add_header, &header.name, &header.value);
        }
        if !self.subprotocols.is_empty() {
            set!(call_set_subprotocols, &self.subprotocols);
        }
        if let Some(origin) = &self.origin {
            set!(call_set_origin, Some(origin));
        }
        for pem in &self.roots {
            set!(call_add_roots, pem);
        }
        if self.without_built_in_roots {
            guest
                .call_remove_built_in_roots(&mut *store, options)
                .await?;
        }
        set!(call_set_connect_timeout, nanos(connect_timeout));
        set!(
            call_set_close_timeout,
            nanos(self.close_timeout_or_default())
        );
        if let Some(timeout) = self.pong_timeout {
            set!(call_set_pong_timeout, nanos(timeout));
        }
        if let Some(interval) = self.ping_interval {
            set!(call_set_ping_interval, Some(nanos(interval)));
        }
        if let Some(bytes) = self.max_message_size {
            set!(call_set_max_message_size, bytes);
        }
        if let Some(bytes) = self.max_frame_size {
            set!(call_set_max_frame_size, bytes);
        }
        if let Some(count) = self.max_fragments {
            set!(call_set_max_fragments, count);
        }
        if let Some(bytes) = self.max_response_head {
            set!(call_set_max_response_head, bytes);
        }
        if let Some(bytes) = self.max_buffered_amount {
            set!(call_set_max_buffered_amount, bytes);
        }
        if let Some(ratio) = self.max_decompression_ratio {
            set!(call_set_max_decompression_ratio, ratio);
        }
        if let Some(offers) = self.compression.offers() {
            set!(call_set_deflate_offers, &offers);
        }
        if let Some(level) = self.compression.level {
            set!(call_set_deflate_level, level);
        }
        if let Some(bytes) = self.compression.threshold {
            guest
                .call_set_deflate_threshold(&mut *store, options, bytes)
                .await?;
        }
        Ok(Ok(()))
    }
}

/// Saturates: a time of more than 584 years is for ever.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How a message or a ping is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    pub(crate) unmasked: bool,
    pub(crate) compress: Option<bool>,
}

impl SendOptions {
    /// The right choice for almost everyone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends under a masking key of zero, so that the payload travels unchanged. On plain `ws`
    /// this waives the protection that RFC 6455, section 10.3 describes.
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.unmasked = true;
        self
    }

    /// Compresses the message whatever its length, if compression was negotiated. Nothing to a
    /// ping.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.compress = Some(true);
        self
    }

    /// Does not compress the message. For what joins a secret with something that others chose: its
    /// compressed length would tell of the secret.
    #[must_use]
    pub fn uncompressed(mut self) -> Self {
        self.compress = Some(false);
        self
    }
}
