mod streams;
mod transports_tls;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use wasocket_proto::{
    CloseCode, CloseFrame, Config, Connection, ConnectionState, Host, Instant, Outgoing, Request,
    SendError, SendOptions, Statistics, WebSocketUrl,
};
use wasocket_tls::{ServerName, Tls, TlsContext, TlsContexts};

use crate::dial::{AttemptId, Dial, Dialer};
use crate::entropy::{Entropy, EntropyPool};
use crate::error::{CommandError, Error, InvalidArgument, Part, Step};
use crate::event::{Closed, Event, Token};
use crate::link::Link;
use crate::options::Options;
use crate::transport_error::TransportError;

/// One WebSocket connection, from the name of the host to the end of the stream. The crate's
/// documentation has the contract.
pub struct WebSocket {
    stage: Stage,
    paused: bool,
    /// Why writing failed, while reading goes on.
    write_error: Option<TransportError>,
    events: VecDeque<Event>,
}

enum Stage {
    /// There is no stream yet.
    Dialing(Box<Dialing>),
    /// There is a stream, on which the transport has yet to do its TLS handshake.
    Securing(Box<Opening>),
    /// There is a stream.
    Linked(Box<Link>),
    /// There never was a stream, and will be none.
    GivenUp,
}

struct Dialing {
    dialer: Dialer,
    opening: Opening,
}

/// What is done with a stream once there is one.
struct Opening {
    deadline: Instant,
    request: Request,
    config: Config,
    security: Option<Security>,
    entropy: EntropyPool,
}

/// Whose TLS makes the connection secure.
enum Security {
    Ours(TlsContext, ServerName),
    /// The transport's, which is to verify this name. Taken when it is told.
    Transports(String),
}

/// Where a websocket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// The connection is not yet open.
    Connecting,
    /// Messages go both ways.
    Open,
    /// A Close frame was sent or received, or the connection fails.
    Closing,
    /// The connection is closed, or could not be opened.
    Closed,
}

impl fmt::Display for ReadyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
        })
    }
}

impl WebSocket {
    /// A websocket that is to be connected to `url`.
    ///
    /// # Errors
    ///
    /// If the connection is to be secure and there is no root to trust.
    pub fn new(
        url: WebSocketUrl,
        options: &Options,
        contexts: &mut TlsContexts,
        entropy: Box<dyn Entropy>,
        now: Instant,
    ) -> Result<Self, InvalidArgument> {
        let security = if url.secure() {
            let context = contexts.get(&options.roots)?;
            Some(Security::Ours(context, server_name(url.host())?))
        } else {
            None
        };
        Ok(Self::dialing(url, options, security, entropy, now))
    }

    fn dialing(
        url: WebSocketUrl,
        options: &Options,
        security: Option<Security>,
        entropy: Box<dyn Entropy>,
        now: Instant,
    ) -> Self {
        Self {
            stage: Stage::Dialing(Box::new(Dialing {
                dialer: Dialer::new(&url),
                opening: Opening {
                    deadline: now + options.connect_timeout,
                    request: options.request(url),
                    config: options.config.clone(),
                    security,
                    entropy: EntropyPool::new(entropy),
                },
            })),
            paused: false,
            write_error: None,
            events: VecDeque::new(),
        }
    }

    /// Queues a message.
    ///
    /// # Errors
    ///
    /// If the connection is not open, a message is being sent by parts, or too much waits to be sent.
    pub fn send(
        &mut self,
        message: Outgoing<'_>,
        options: SendOptions,
        now: Instant,
    ) -> Result<Token, CommandError> {
        self.command(|connection| connection.send(message, options, now))
            .map(|token| token.get())
    }

    /// Queues messages, one behind the other, whose token is that of the last.
    ///
    /// # Errors
    ///
    /// As [`Self::send`]; nothing is queued then.
    pub fn send_all<'a>(
        &mut self,
        messages: impl IntoIterator<Item = Outgoing<'a>>,
        options: SendOptions,
        now: Instant,
    ) -> Result<Token, CommandError> {
        self.command(|connection| connection.send_all(messages, options, now))
            .map(|token| token.get())
    }

    /// Queues a ping.
    ///
    /// # Errors
    ///
    /// If the payload is too long, the connection is not open, or too much waits to be sent.
    pub fn ping(
        &mut self,
        payload: &[u8],
        unmasked: bool,
        now: Instant,
    ) -> Result<Token, CommandError> {
        self.command(|connection| connection.ping(payload, unmasked, now))
            .map(|token| token.get())
    }

    /// Starts the closing handshake; gives up if the connection is not open yet. The code is 1000
    /// and the reason empty unless given.
    ///
    /// # Errors
    ///
    /// If code or reason cannot be sent, or the connection is closed.
    pub fn close(
        &mut self,
        code: Option<u16>,
        reason: Option<String>,
        now: Instant,
    ) -> Result<Token, CommandError> {
        /// No other command has a token before there is a connection to give them.
        const FIRST_TOKEN: Token = 1;

        let code = code.unwrap_or(CloseCode::NORMAL_CLOSURE.get());
        let frame =
            CloseFrame::new(code, reason.unwrap_or_default()).map_err(InvalidArgument::from)?;
        match &mut self.stage {
            Stage::Dialing(_) | Stage::Securing(_) => {
                self.give_up(None, Some(FIRST_TOKEN));
                Ok(FIRST_TOKEN)
            }
            Stage::Linked(link) => {
                let token = link
                    .connection_mut()
                    .close(&frame, now)
                    .map_err(|_| CommandError::InvalidState(ReadyState::Closed))?;
                link.set_close_called();
                Ok(token.get())
            }
            Stage::GivenUp => Err(CommandError::InvalidState(ReadyState::Closed)),
        }
    }

    /// Stops wanting input, once the connection is open.
    pub fn pause(&mut self) {
        self.paused = true;
        if let Stage::Linked(link) = &mut self.stage {
            link.connection_mut().pause();
        }
    }

    /// Wants input again.
    pub fn resume(&mut self, now: Instant) {
        if !self.paused {
            return;
        }
        self.paused = false;
        if let Stage::Linked(link) = &mut self.stage {
            link.connection_mut().resume(now);
        }
    }

    /// What to do to get a stream.
    pub fn poll_dial(&mut self, now: Instant) -> Option<Dial> {
        match &mut self.stage {
            Stage::Dialing(dialing) => dialing.dialer.poll(now),
            Stage::Securing(_) | Stage::Linked(_) | Stage::GivenUp => None,
        }
    }

    /// Takes what became of [`Dial::Resolve`]: addresses in the order of preference.
    pub fn handle_resolved(&mut self, resolved: Result<Vec<IpAddr>, TransportError>) {
        let Stage::Dialing(dialing) = &mut self.stage else {
            return;
        };
        let result = match resolved {
            Ok(addresses) => dialing.dialer.handle_resolved(addresses),
            Err(error) => Err(Error::new(Step::Name, error.kind.into(), error.message)),
        };
        if let Err(error) = result {
            self.give_up(Some(error), None);
        }
    }

    /// Takes the failure of a [`Dial::Attempt`].
    pub fn handle_attempt_failed(&mut self, id: AttemptId, error: TransportError) {
        let Stage::Dialing(dialing) = &mut self.stage else {
            return;
        };
        if let Err(error) = dialing.dialer.handle_failed(id, error) {
            self.give_up(Some(error), None);
        }
    }

    /// Takes the success of a [`Dial::Attempt`]: from here on there is a stream. All other
    /// attempts are to be given up. `unix_time` is in seconds since 1970.
    pub fn handle_connected(&mut self, now: Instant, unix_time: u64) {
        let dialing = match core::mem::replace(&mut self.stage, Stage::GivenUp) {
            Stage::Dialing(dialing) => dialing,
            other @ (Stage::Securing(_) | Stage::Linked(_) | Stage::GivenUp) => {
                self.stage = other;
                return;
            }
        };
        let opening = dialing.opening;
        match &opening.security {
            None => self.link(opening, None, now),
            Some(Security::Transports(_)) => self.stage = Stage::Securing(Box::new(opening)),
            Some(Security::Ours(context, name)) => {
                match Tls::new(context, name.clone(), unix_time) {
                    Ok(tls) => self.link(opening, Some(tls), now),
                    Err(error) => self.give_up(Some(Error::tls(Step::Tls, &error)), None),
                }
            }
        }
    }

    /// Starts the opening handshake on the stream.
    fn link(&mut self, opening: Opening, tls: Option<Tls>, now: Instant) {
        let Opening {
            deadline,
            request,
            mut config,
            mut entropy,
            ..
        } = opening;
        // One timeout covers all from the start to the open connection.
        config.timeouts.handshake = deadline.saturating_duration_since(now);
        let nonce = entropy.nonce();
        let mut connection = Connection::new(&request, nonce, Box::new(entropy), config, now);
        if self.paused {
            connection.pause();
        }
        self.stage = Stage::Linked(Box::new(Link::new(tls, connection)));
    }

    /// Whether to read from the stream.
    pub fn wants_input(&self) -> bool {
        match &self.stage {
            Stage::Linked(link) => link.wants_input() && !(self.paused && link.is_open()),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => false,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn handle_input(&mut self, bytes: Vec<u8>, now: Instant) {
        if let Stage::Linked(link) = &mut self.stage {
            link.handle_input(bytes, now);
        }
    }

    /// Says that the peer ended its side of the stream.
    pub fn handle_eof(&mut self) {
        match self.write_error.take() {
            Some(error) => self.handle_lost(error),
            None => {
                if let Stage::Linked(link) = &mut self.stage {
                    link.handle_eof();
                }
            }
        }
    }

    /// Says that the stream takes no more bytes. Reading goes on while it can: what the peer sent
    /// before may say more.
    pub fn handle_write_failed(&mut self, error: TransportError) {
        if self.wants_input() {
            self.write_error = Some(error);
        } else {
            // What is owed stays owed: an alert or a close_notify even after the end.
            self.handle_lost(error);
        }
    }

    /// Says that the stream is lost in both directions.
    pub fn handle_lost(&mut self, error: TransportError) {
        if let Stage::Linked(link) = &mut self.stage {
            link.handle_lost(error);
        }
    }

    /// Says what time it is; acts on the deadlines that have come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Dialing(dialing) if dialing.opening.deadline <= now => {
                let error = Error::connect_timeout(dialing.dialer.step());
                self.give_up(Some(error), None);
            }
            Stage::Securing(opening) if opening.deadline <= now => {
                self.give_up(Some(Error::connect_timeout(Step::Tls)), None);
            }
            Stage::Linked(link) => link.connection_mut().handle_timeout(now),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => {}
        }
    }

    /// The bytes to write to the stream, some of them perhaps: ask again after writing these.
    pub fn poll_transmit(&mut self) -> &[u8] {
        match &mut self.stage {
            Stage::Linked(link) if self.write_error.is_none() => link.poll_transmit(),
            Stage::Linked(_) | Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => &[],
        }
    }

    /// Says that the first `len` bytes of [`Self::poll_transmit`] are written.
    pub fn advance_transmit(&mut self, len: usize) {
        if let Stage::Linked(link) = &mut self.stage {
            link.advance_transmit(len);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        self.events.pop_front().or_else(|| match &mut self.stage {
            Stage::Linked(link) => link.poll_event(now),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => None,
        })
    }

    /// The next event for which no more input has to be handled: what is told even to someone who
    /// has no room for more messages.
    pub fn poll_ready_event(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| match &mut self.stage {
            Stage::Linked(link) => link.poll_ready_event(),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => None,
        })
    }

    /// Whether [`Self::poll_event`] has something to do.
    pub fn has_pending(&self) -> bool {
        !self.events.is_empty()
            || match &self.stage {
                Stage::Linked(link) => link.has_pending(),
                Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => false,
            }
    }

    /// When to call [`Self::handle_timeout`] and [`Self::poll_dial`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Dialing(dialing) => {
                let next = dialing.dialer.poll_timeout();
                let deadline = dialing.opening.deadline;
                Some(next.map_or(deadline, |next| next.min(deadline)))
            }
            Stage::Securing(opening) => Some(opening.deadline),
            Stage::Linked(link) => link.connection().poll_timeout(),
            Stage::GivenUp => None,
        }
    }

    /// Whether the sending side of the stream is to be ended: nothing more will be sent.
    pub fn is_done_sending(&mut self) -> bool {
        match &mut self.stage {
            Stage::Linked(link) => {
                link.connection().is_done_sending() && link.poll_transmit().is_empty()
            }
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => false,
        }
    }

    /// Where the websocket stands.
    pub fn ready_state(&self) -> ReadyState {
        match &self.stage {
            Stage::Dialing(_) | Stage::Securing(_) => ReadyState::Connecting,
            Stage::Linked(link) => match link.connection().state() {
                ConnectionState::Connecting => ReadyState::Connecting,
                ConnectionState::Open => ReadyState::Open,
                ConnectionState::Closing => ReadyState::Closing,
                ConnectionState::Closed => ReadyState::Closed,
            },
            Stage::GivenUp => ReadyState::Closed,
        }
    }

    /// How many bytes of frames wait to be written.
    pub fn buffered_amount(&self) -> u64 {
        match &self.stage {
            Stage::Linked(link) if link.is_open() => link.connection().poll_transmit().len() as u64,
            Stage::Linked(_) | Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => 0,
        }
    }

    /// What was counted so far, without what TLS adds: nothing before there is a stream.
    pub fn statistics(&self) -> Statistics {
        match &self.stage {
            Stage::Linked(link) => link.connection().statistics(),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => Statistics::default(),
        }
    }

    /// Calls a command that needs an open connection.
    fn command<T>(
        &mut self,
        call: impl FnOnce(&mut Connection) -> Result<T, SendError>,
    ) -> Result<T, CommandError> {
        let state = self.ready_state();
        match &mut self.stage {
            Stage::Linked(link) => {
                call(link.connection_mut()).map_err(|error| CommandError::from_send(error, state))
            }
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => {
                Err(CommandError::InvalidState(state))
            }
        }
    }

    /// Ends before there is a stream.
    fn give_up(&mut self, error: Option<Error>, token: Option<Token>) {
        self.stage = Stage::GivenUp;
        self.events.extend(error.map(Event::Error));
        self.events.push_back(Event::Close(Closed {
            code: CloseCode::ABNORMAL_CLOSURE.get(),
            reason: String::new(),
            was_clean: false,
            token,
        }));
    }
}

/// The name that the server's certificate must have.
fn server_name(host: &Host) -> Result<ServerName, InvalidArgument> {
    match host {
        Host::Name(name) => ServerName::from_host_name(name)
            .map_err(|error| InvalidArgument::new(Part::Host, error.to_string())),
        Host::Ipv4(address) => Ok(IpAddr::V4(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::V6(*address).into()),
    }
}
