use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use core::time::Duration;

use wasocket_proto::{
    CompressionLevel, Config, DeflateOffer, Request, RequestHeaders, WebSocketUrl, WindowBits,
};
use wasocket_tls::Roots;

use crate::error::{InvalidArgument, Part};

/// The most that a limit of bytes can be set to: what a guest of 32 bits can hold beside the rest.
const MAX_LEN: u64 = 1 << 30;

/// How many offers of compression a request may have: more than there are reasons to make.
const MAX_OFFERS: usize = 8;

/// How long a connection may take to open, unless set otherwise: time for a slow name, a slow
/// server, and some addresses that do not answer.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    headers: RequestHeaders,
    pub(crate) roots: Roots,
    pub(crate) config: Config,
    pub(crate) connect_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            headers: RequestHeaders::default(),
            roots: Roots::default(),
            config: Config::default(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        }
    }
}

impl Options {
    /// Adds a header field to the request.
    pub fn add_header(&mut self, name: &str, value: &[u8]) -> Result<(), InvalidArgument> {
        Ok(self.headers.add(name, value)?)
    }

    /// Offers these subprotocols, in place of those offered before.
    pub fn set_subprotocols(&mut self, subprotocols: &[String]) -> Result<(), InvalidArgument> {
        Ok(self.headers.set_subprotocols(subprotocols)?)
    }

    /// Sets the origin, or takes it away.
    pub fn set_origin(&mut self, origin: Option<&str>) -> Result<(), InvalidArgument> {
        Ok(self.headers.set_origin(origin)?)
    }

    /// Trusts the root certificates in `pem` too; returns how many there are.
    pub fn add_roots(&mut self, pem: &[u8]) -> Result<u32, InvalidArgument> {
        let count = self.roots.add_pem(pem)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Trusts only the roots that are added.
    pub fn remove_built_in_roots(&mut self) {
        self.roots.remove_built_in();
    }

    /// Bounds the time from the start to the open connection.
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<(), InvalidArgument> {
        self.connect_timeout = positive(timeout, "connect timeout")?;
        Ok(())
    }

    /// Bounds the time from the first Close frame to the end.
    pub fn set_close_timeout(&mut self, timeout: Duration) -> Result<(), InvalidArgument> {
        self.config.timeouts.closing = positive(timeout, "close timeout")?;
        Ok(())
    }

    /// Bounds the time from a ping to its pong.
    pub fn set_pong_timeout(&mut self, timeout: Duration) -> Result<(), InvalidArgument> {
        self.config.timeouts.pong = positive(timeout, "pong timeout")?;
        Ok(())
    }

    /// Sets after how much silence of the server a ping is sent, if ever.
    pub fn set_ping_interval(&mut self, interval: Option<Duration>) -> Result<(), InvalidArgument> {
        self.config.timeouts.ping_interval = match interval {
            None => None,
            Some(interval) => Some(positive(interval, "ping interval")?),
        };
        Ok(())
    }

    /// Bounds a message of the server, in bytes.
    pub fn set_max_message_size(&mut self, bytes: u64) -> Result<(), InvalidArgument> {
        self.config.limits.message_len = within(1..=MAX_LEN, bytes, "message size")?;
        Ok(())
    }

    /// Bounds the payload of a frame of the server, in bytes.
    pub fn set_max_frame_size(&mut self, bytes: u64) -> Result<(), InvalidArgument> {
        self.config.limits.frame_payload_len = within(1..=MAX_LEN, bytes, "frame size")?;
        Ok(())
    }

    /// Bounds the fragments of a message of the server.
    pub fn set_max_fragments(&mut self, count: u32) -> Result<(), InvalidArgument> {
        self.config.limits.fragment_count = within(1..=u32::MAX, count, "fragment count")?;
        Ok(())
    }

    /// Bounds the head of the server's answer to the opening handshake, in bytes.
    pub fn set_max_response_head(&mut self, bytes: u32) -> Result<(), InvalidArgument> {
        // Less than 64 bytes hold no status line and no header field; 1 MiB is absurd already.
        self.config.limits.response_head_len = within(64..=1 << 20, bytes, "response head")?;
        Ok(())
    }

    /// Bounds what waits to be sent, in bytes.
    pub fn set_max_buffered_amount(&mut self, bytes: u64) -> Result<(), InvalidArgument> {
        self.config.limits.outgoing_len = within(1..=MAX_LEN, bytes, "buffered amount")?;
        Ok(())
    }

    /// Bounds how many times the length of what arrived of it a compressed message may have.
    pub fn set_max_decompression_ratio(&mut self, ratio: u32) -> Result<(), InvalidArgument> {
        self.config.limits.decompression_ratio =
            within(1..=u32::MAX, ratio, "decompression ratio")?;
        Ok(())
    }

    /// Offers permessage-deflate in these ways, in place of those offered before.
    pub fn set_deflate_offers(&mut self, offers: Vec<DeflateOffer>) -> Result<(), InvalidArgument> {
        if offers.len() > MAX_OFFERS {
            let message = format!("{} offers are more than {MAX_OFFERS}", offers.len());
            return Err(InvalidArgument::new(Part::Extension, message));
        }
        self.config.compression.offers = offers;
        Ok(())
    }

    /// Sets how hard to compress.
    pub fn set_deflate_level(&mut self, level: u8) -> Result<(), InvalidArgument> {
        self.config.compression.level = CompressionLevel::new(level).ok_or_else(|| {
            let message = format!("the level of compression is {level}, not 1 to 9");
            InvalidArgument::new(Part::Extension, message)
        })?;
        Ok(())
    }

    /// Sets from which length on messages are compressed, in bytes.
    pub fn set_deflate_threshold(&mut self, bytes: u64) {
        self.config.compression.min_message_len = usize::try_from(bytes).unwrap_or(usize::MAX);
    }

    pub(crate) fn request(&self, url: WebSocketUrl) -> Request {
        Request::new(url, self.headers.clone())
    }
}

/// The window of a parameter of permessage-deflate.
///
/// # Errors
///
/// If the bits are not 8 to 15.
pub fn window_bits(bits: u8) -> Result<WindowBits, InvalidArgument> {
    WindowBits::new(bits).ok_or_else(|| {
        let message = format!("a window has 8 to 15 bits, not {bits}");
        InvalidArgument::new(Part::Extension, message)
    })
}

fn positive(timeout: Duration, what: &str) -> Result<Duration, InvalidArgument> {
    if timeout.is_zero() {
        return Err(InvalidArgument::new(
            Part::Timeout,
            format!("the {what} is 0"),
        ));
    }
    Ok(timeout)
}

fn within<N: PartialOrd + core::fmt::Display>(
    range: RangeInclusive<N>,
    value: N,
    what: &str,
) -> Result<N, InvalidArgument> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(InvalidArgument::new(
        Part::Limit,
        format!(
            "the limit of the {what} is {value}, not {} to {}",
            range.start(),
            range.end()
        ),
    ))
}
