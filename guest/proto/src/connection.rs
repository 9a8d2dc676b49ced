mod streams;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::ToString;

use crate::answers::Answers;
use crate::assembler::{Delivery, Partial};
use crate::config::Config;
use crate::error::{AlreadyClosed, ConnectionError, HandshakeError, SendError, TimeoutError};
use crate::event::{Closed, Event, Opened};
use crate::extension::{Compressor, Decompressor};
use crate::frame::{CloseCode, CloseFrame, MAX_CONTROL_PAYLOAD_LEN, MaskingKeys};
use crate::handshake::{Handshake, Nonce, Progress, Request};
use crate::heartbeat::{Beat, Heartbeat};
use crate::message::{Outgoing, SendOptions};
use crate::receiver::{Received, Receiver};
use crate::sender::Sender;
use crate::state::{Closing, ClosingPhase, ConnectionState, EndCause, Ending, State};
use crate::statistics::{Statistics, Traffic};
use crate::time::Instant;
use crate::timer::{Timer, Timers};
use crate::token::{Token, Tokens};

/// One WebSocket connection, seen from the client: from the request of the opening handshake to
/// the end of the stream. The crate's documentation has the contract.
pub struct Connection {
    config: Config,
    state: State,
    tokens: Tokens,
    sender: Sender,
    heartbeat: Heartbeat,
    answers: Answers,
    timers: Timers,
    events: VecDeque<Event>,
    /// How the next message is to be handed over.
    delivery: Delivery,
    /// What is left of a message by parts that the end of the connection cut off.
    cut_off: Option<Partial>,
    taken: Traffic,
}

impl Connection {
    /// A connection whose request is queued, to be written to a stream that is ready for it.
    pub fn new(
        request: &Request,
        nonce: Nonce,
        keys: Box<dyn MaskingKeys>,
        config: Config,
        now: Instant,
    ) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Handshake, Some(now + config.timeouts.handshake));
        Self {
            state: State::Connecting(Handshake::new(
                request,
                &config.compression.offers,
                nonce,
                config.limits.response_head_len,
            )),
            tokens: Tokens::default(),
            sender: Sender::new(&request.encode(nonce, &config.compression.offers), keys),
            heartbeat: Heartbeat::new(&config.timeouts),
            config,
            answers: Answers::default(),
            timers,
            events: VecDeque::new(),
            delivery: Delivery::Whole,
            cut_off: None,
            taken: Traffic::default(),
        }
    }

    /// Queues one message.
    ///
    /// [`Event::Sent`] follows with the token that is returned, once every byte of the message is
    /// written.
    ///
    /// # Errors
    ///
    /// If the connection is not open, a message is being sent by parts, or too much waits to be sent;
    /// nothing is queued then.
    pub fn send(
        &mut self,
        message: Outgoing<'_>,
        options: SendOptions,
        now: Instant,
    ) -> Result<Token, SendError> {
        self.send_all([message], options, now)
    }

    /// Queues messages, one behind the other.
    ///
    /// [`Event::Sent`] follows with the token that is returned, once every byte of all of them is
    /// written.
    ///
    /// # Errors
    ///
    /// As [`Self::send`]. If there is room, there is for all of them.
    pub fn send_all<'a>(
        &mut self,
        messages: impl IntoIterator<Item = Outgoing<'a>>,
        options: SendOptions,
        now: Instant,
    ) -> Result<Token, SendError> {
        self.check_no_message()?;
        self.check_room()?;
        let token = self.tokens.next();
        for message in messages {
            self.sender.push_message(message, options);
        }
        self.sender.mark_message(token);
        if self.sender.is_empty() {
            // There was no message to write.
            self.advance_transmit(0);
        }
        self.compressor_used(now);
        Ok(token)
    }

    /// Queues a ping.
    ///
    /// [`Event::Pong`] follows with the token that is returned; if none does within
    /// [`Timeouts::pong`](crate::Timeouts::pong), the connection fails.
    ///
    /// # Errors
    ///
    /// If the payload is longer than 125 bytes, the connection is not open, or too much waits to
    /// be sent; nothing is queued then.
    pub fn ping(
        &mut self,
        payload: &[u8],
        unmasked: bool,
        now: Instant,
    ) -> Result<Token, SendError> {
        if payload.len() > MAX_CONTROL_PAYLOAD_LEN {
            return Err(SendError::PingTooLong { len: payload.len() });
        }
        self.check_room()?;
        let token = self.tokens.next();
        self.sender.push_ping(payload, unmasked);
        self.heartbeat.ping_queued(Some(token), payload, now);
        Ok(token)
    }

    /// Starts the closing handshake: queues a Close frame after all that is queued.
    ///
    /// [`Event::Closed`] follows with the token that is returned. While the connection is closing
    /// already, or the peer's end of it waits for answers, `frame` is not sent, and all calls share
    /// one token. In the opening handshake the connection is closed at once.
    ///
    /// # Errors
    ///
    /// If the connection is closed.
    pub fn close(&mut self, frame: &CloseFrame, now: Instant) -> Result<Token, AlreadyClosed> {
        self.end_without_answers();
        match &mut self.state {
            State::Closed => return Err(AlreadyClosed),
            State::Closing(closing) => {
                return Ok(*closing.token.get_or_insert_with(|| self.tokens.next()));
            }
            State::Connecting(_) | State::Open(_) | State::Ending(_) => {}
        }
        let token = self.tokens.next();
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Open(receiver) => {
                self.sender.push_close(&frame.to_payload());
                self.begin_closing(
                    Closing::new(ClosingPhase::AwaitingClose(receiver), Some(token)),
                    now,
                );
            }
            State::Connecting(_) | State::Ending(_) | State::Closing(_) | State::Closed => {
                self.finish(None, Some(token));
            }
        }
        Ok(token)
    }

    /// Says that input will not be handled for a while, so that no pong can arrive: pings do not
    /// time out and keepalive pings are not sent until [`Self::resume`].
    pub fn pause(&mut self) {
        self.heartbeat.pause();
    }

    /// Undoes [`Self::pause`]. Pings in flight get their whole timeout anew.
    pub fn resume(&mut self, now: Instant) {
        self.heartbeat.resume(now);
    }

    /// Takes the next bytes of the stream; returns how many. See *Progress* in the contract.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) -> usize {
        self.answers
            .handler_called(now, self.config.timeouts.answering);
        if !bytes.is_empty() {
            self.heartbeat.heard(now);
        }
        let mut consumed = 0;
        while consumed < bytes.len() && self.events.is_empty() && !self.awaits_poll_part() {
            consumed += self.handle_some_input(&bytes[consumed..], now);
        }
        if self.awaits_poll_part() {
            self.heartbeat.hold_up();
        }
        self.taken.bytes += consumed as u64;
        consumed
    }

    /// Says that the peer ended its side of the stream. What is owed can still be written.
    pub fn handle_eof(&mut self) {
        self.handle_stream_end(false);
    }

    /// Says that the stream is lost in both directions, by a reset or an error of the transport.
    pub fn handle_stream_lost(&mut self) {
        self.handle_stream_end(true);
    }

    /// Says what time it is; acts on the deadlines that have come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.answers
            .handler_called(now, self.config.timeouts.answering);
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Handshake => self.handshake_timed_out(),
                Timer::Closing => self.closing_timed_out(),
                Timer::Answers => self.end_without_answers(),
                Timer::CompressorIdle => self.sender.release_compressor(),
            }
        }
        while let Some(beat) = self.poll_beat(now) {
            match beat {
                Beat::Ping(payload) => self.sender.push_ping(&payload, false),
                Beat::Pong => {
                    self.fail(TimeoutError::Pong.into(), CloseCode::INTERNAL_ERROR, now);
                }
            }
        }
    }

    /// The bytes owed to the peer, in order.
    pub fn poll_transmit(&self) -> &[u8] {
        self.sender.unwritten()
    }

    /// Says that the first `len` bytes of [`Self::poll_transmit`] are written.
    pub fn advance_transmit(&mut self, len: usize) {
        let events = &mut self.events;
        self.sender
            .advance(len, |token| events.push_back(Event::Sent(token)));
        self.finish_if_drained();
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if matches!(event, Some(Event::Message(_))) {
            self.answers.message_taken();
        }
        event
    }

    /// Whether [`Self::poll_event`] would return something.
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// When to call [`Self::handle_timeout`]. Any command or handler may change it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [self.timers.next_deadline(), self.heartbeat.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Where the connection stands.
    pub fn state(&self) -> ConnectionState {
        match self.state {
            State::Connecting(_) => ConnectionState::Connecting,
            State::Open(_) | State::Ending(_) => ConnectionState::Open,
            State::Closing(_) => ConnectionState::Closing,
            State::Closed => ConnectionState::Closed,
        }
    }

    /// What the connection has counted so far. It goes on counting to its end, and keeps that.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            sent: self.sender.written(),
            received: self.taken,
            round_trip: self.heartbeat.round_trip(),
        }
    }

    /// Whether nothing will be sent any more, so that our side of the stream can be ended.
    ///
    /// Not so after a closing handshake: RFC 6455, section 7.1.1 wants the server to end the
    /// stream first.
    pub fn is_done_sending(&self) -> bool {
        match &self.state {
            State::Connecting(_) | State::Open(_) | State::Ending(_) => false,
            State::Closing(closing) => {
                matches!(closing.phase, ClosingPhase::Failing) && self.sender.is_empty()
            }
            State::Closed => true,
        }
    }

    fn check_open(&self) -> Result<(), SendError> {
        match self.state() {
            ConnectionState::Open => Ok(()),
            ConnectionState::Connecting | ConnectionState::Closing | ConnectionState::Closed => {
                Err(SendError::NotOpen)
            }
        }
    }

    fn check_room(&self) -> Result<(), SendError> {
        self.check_open()?;
        let queued = self.sender.unwritten().len() as u64;
        let limit = self.config.limits.outgoing_len;
        if queued >= limit {
            return Err(SendError::QueueFull { queued, limit });
        }
        Ok(())
    }

    /// Keeps the memory of the compressor for a while from now, if it holds any.
    fn compressor_used(&mut self, now: Instant) {
        let idle = self.config.timeouts.compressor_idle;
        let deadline = self.sender.is_holding_compressor().then(|| now + idle);
        self.timers.set(Timer::CompressorIdle, deadline);
    }

    fn poll_beat(&mut self, now: Instant) -> Option<Beat> {
        let events = &mut self.events;
        self.heartbeat
            .poll_beat(now, |pong| events.push_back(Event::Pong(pong)))
    }

    /// Handles input until something has happened; returns how many bytes that took, not 0.
    fn handle_some_input(&mut self, bytes: &[u8], now: Instant) -> usize {
        match &mut self.state {
            State::Connecting(handshake) => match handshake.handle_input(bytes) {
                Ok(Progress::NeedMore) => bytes.len(),
                Ok(Progress::Done { consumed, opened }) => {
                    self.opened(opened, now);
                    consumed
                }
                Err(error) => {
                    self.handshake_failed(error);
                    bytes.len()
                }
            },
            State::Open(receiver)
            | State::Closing(Closing {
                phase: ClosingPhase::AwaitingClose(receiver),
                ..
            }) => {
                let limits = &self.config.limits;
                match receiver.handle_input(bytes, self.delivery, limits, &mut self.taken) {
                    Ok((consumed, None)) => consumed,
                    Ok((consumed, Some(received))) => {
                        self.handle_received(received, now);
                        consumed
                    }
                    Err(error) => {
                        self.ended_by_peer(EndCause::Violation(error), now);
                        bytes.len()
                    }
                }
            }
            State::Ending(_) | State::Closing(_) | State::Closed => bytes.len(),
        }
    }

    fn handle_received(&mut self, received: Received, now: Instant) {
        match received {
            Received::Message(message) => self.events.push_back(Event::Message(message)),
            // RFC 6455, section 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong
            // frame in response, unless it already received a Close frame." Whether we sent one does
            // not matter: section 5.5.1 forbids only data frames after it.
            Received::Ping(payload) => {
                self.sender.push_pong(payload.clone());
                self.events.push_back(Event::Ping(payload));
            }
            Received::Pong(payload) => {
                let events = &mut self.events;
                self.heartbeat
                    .handle_pong(&payload, now, |pong| events.push_back(Event::Pong(pong)));
            }
            Received::Close(frame) => self.ended_by_peer(EndCause::Close(frame), now),
        }
    }

    fn opened(&mut self, opened: Opened, now: Instant) {
        let decompressor = opened.permessage_deflate.map(|parameters| {
            let compressor = Compressor::new(parameters, &self.config.compression);
            self.sender.set_compressor(compressor);
            Decompressor::new(parameters)
        });
        self.state = State::Open(Receiver::new(decompressor));
        self.timers.stop_all();
        self.heartbeat.start(now);
        self.events.push_back(Event::Open(opened));
    }

    fn handshake_failed(&mut self, error: HandshakeError) {
        self.finish(Some(error.into()), None);
    }

    fn handshake_timed_out(&mut self) {
        if let State::Connecting(handshake) = &mut self.state {
            // A refusal whose body is late is a refusal.
            let error = match handshake.ended() {
                refused @ HandshakeError::Refused(_) => refused.into(),
                _ => TimeoutError::Handshake.into(),
            };
            self.finish(Some(error), None);
        }
    }

    /// Acts on what the peer sent, unless answers to earlier messages may be under way.
    fn ended_by_peer(&mut self, cause: EndCause, now: Instant) {
        if matches!(self.state, State::Open(_))
            && let Some(deadline) = self.answers.deadline(now)
        {
            self.cut_off_message();
            self.state = State::Ending(Ending { cause, since: now });
            self.heartbeat.stop();
            self.timers.set(Timer::Answers, Some(deadline));
        } else {
            self.end(cause, now);
        }
    }

    /// Waits for answers no longer, if it does.
    fn end_without_answers(&mut self) {
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Ending(Ending { cause, since }) => self.end(cause, since),
            other => self.state = other,
        }
    }

    fn end(&mut self, cause: EndCause, now: Instant) {
        match cause {
            EndCause::Close(frame) => self.close_received(frame, now),
            EndCause::Violation(error) => {
                let code = CloseCode::from(&error);
                self.fail(error.into(), code, now);
            }
        }
    }

    fn close_received(&mut self, frame: Option<CloseFrame>, now: Instant) {
        let token = match &self.state {
            State::Closing(closing) => closing.token,
            State::Connecting(_) | State::Open(_) | State::Ending(_) | State::Closed => {
                // Section 5.5.1: "When sending a Close frame in response, the endpoint typically
                // echos the status code it received."
                let code = frame.as_ref().map(|frame| frame.code().get().to_be_bytes());
                self.sender
                    .push_close(code.as_ref().map_or(&[], |code| code));
                None
            }
        };
        self.begin_closing(Closing::new(ClosingPhase::Answered(frame), token), now);
    }

    /// Fails the WebSocket Connection (RFC 6455, section 7.1.7).
    fn fail(&mut self, error: ConnectionError, code: CloseCode, now: Instant) {
        let token = match &self.state {
            State::Closing(closing) => closing.token,
            State::Connecting(_) | State::Open(_) | State::Ending(_) | State::Closed => {
                let frame = CloseFrame::failing(code, &error.to_string());
                self.sender.push_close(&frame.to_payload());
                None
            }
        };
        self.events.push_back(Event::Error(error));
        self.begin_closing(Closing::new(ClosingPhase::Failing, token), now);
    }

    fn begin_closing(&mut self, closing: Closing, now: Instant) {
        match closing.phase {
            ClosingPhase::AwaitingClose(_) => self.sender.end_messages(),
            ClosingPhase::Answered(_) | ClosingPhase::Failing => self.sender.end(),
        }
        self.cut_off_message();
        self.state = State::Closing(closing);
        self.heartbeat.stop();
        self.timers.set(Timer::Answers, None);
        self.timers.set(Timer::CompressorIdle, None);
        if !self.timers.is_running(Timer::Closing) {
            let deadline = now + self.config.timeouts.closing;
            self.timers.set(Timer::Closing, Some(deadline));
        }
    }

    fn closing_timed_out(&mut self) {
        if let State::Closing(closing) = &self.state {
            let error = match closing.phase {
                ClosingPhase::AwaitingClose(_) => Some(TimeoutError::Close.into()),
                ClosingPhase::Answered(_) | ClosingPhase::Failing => None,
            };
            self.finish(error, None);
        }
    }

    fn handle_stream_end(&mut self, lost: bool) {
        self.end_without_answers();
        match &mut self.state {
            State::Connecting(handshake) => {
                let error = handshake.ended();
                self.handshake_failed(error);
            }
            State::Open(_)
            | State::Closing(Closing {
                phase: ClosingPhase::AwaitingClose(_),
                ..
            }) => self.finish(Some(ConnectionError::StreamEnded), None),
            State::Closing(_) if lost => self.finish(None, None),
            State::Closing(closing) => {
                closing.stream_ended = true;
                self.finish_if_drained();
            }
            State::Ending(_) | State::Closed => {}
        }
    }

    /// Ends the connection if the stream ended and what was owed is written.
    fn finish_if_drained(&mut self) {
        if let State::Closing(closing) = &self.state
            && closing.stream_ended
            && self.sender.is_empty()
        {
            self.finish(None, None);
        }
    }

    /// The WebSocket connection is closed (RFC 6455, section 7.1.4).
    fn finish(&mut self, error: Option<ConnectionError>, token: Option<Token>) {
        self.cut_off_message();
        let (received, token) = match core::mem::replace(&mut self.state, State::Closed) {
            State::Closing(Closing {
                phase: ClosingPhase::Answered(frame),
                token,
                ..
            }) => (Some(frame), token),
            State::Closing(Closing { token, .. }) => (None, token),
            State::Connecting(_) | State::Open(_) | State::Ending(_) | State::Closed => {
                (None, token)
            }
        };
        self.timers.stop_all();
        self.heartbeat.stop();
        // Written late, it would be told of after `Closed`, and be of no use to the peer.
        self.sender.clear();
        self.events.extend(error.map(Event::Error));
        let was_clean = received.is_some();
        // Section 7.1.5 has what the code is if there was no Close frame, or no code in it.
        let (code, reason) = match received {
            None => (CloseCode::ABNORMAL_CLOSURE, ""),
            Some(None) => (CloseCode::NO_STATUS_RCVD, ""),
            Some(Some(ref frame)) => (frame.code(), frame.reason()),
        };
        self.events.push_back(Event::Closed(Closed {
            code,
            reason: reason.into(),
            was_clean,
            token,
        }));
    }
}
