use alloc::vec::Vec;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic,
};
use rustls::{Error, HandshakeKind, InvalidMessage, ProtocolVersion};

use super::buffer::Buffer;
use super::context::TlsContext;
use super::incoming::{Incoming, MAX_HELD_LEN};
use super::info::{TlsInfo, TlsVersion};
use super::provider;
use super::server_name::ServerName;
use super::state::State;
use crate::alert::Alert;
use crate::error::{SendError, TlsError};

/// One TLS connection, seen from the client. The crate's documentation has the contract.
pub struct Tls {
    connection: UnbufferedClientConnection,
    context: TlsContext,
    state: State,
    incoming: Incoming,
    plaintext: Buffer,
    transmit: Buffer,
    /// The server has asked for a client certificate.
    client_certificate_requested: bool,
}

impl Tls {
    /// A connection whose ClientHello is owed to the server.
    ///
    /// `unix_time` is the time in seconds since 1970, by which the validity of certificates and
    /// sessions is judged.
    ///
    /// # Errors
    ///
    /// If there are no random bytes.
    pub fn new(
        context: &TlsContext,
        server_name: ServerName,
        unix_time: u64,
    ) -> Result<Self, TlsError> {
        context.set_time(unix_time);
        let connection =
            UnbufferedClientConnection::new(context.config(), server_name.into_inner())?;
        let mut tls = Self {
            connection,
            context: context.clone(),
            state: State::Open,
            incoming: Incoming::default(),
            plaintext: Buffer::default(),
            transmit: Buffer::default(),
            client_certificate_requested: false,
        };
        tls.drive(&mut keep)?;
        Ok(tls)
    }

    /// Seals `plaintext` into records, which are owed to the peer then. Without any there is none.
    ///
    /// # Errors
    ///
    /// If the handshake is not done, or nothing is sent any more.
    pub fn send(&mut self, plaintext: &[u8]) -> Result<(), SendError> {
        match self.state {
            State::Open if self.connection.is_handshaking() => Err(SendError::Handshaking),
            State::Open | State::PeerClosed | State::Truncated => {
                self.seal(|traffic, room| traffic.encrypt(plaintext, room))
            }
            State::Closed { .. } | State::Failed(_) => Err(SendError::Closed),
        }
    }

    /// Ends our side: close_notify is owed to the peer, once, and what arrives is discarded.
    ///
    /// In the handshake there is nothing to end, and nothing more is owed.
    pub fn close(&mut self) {
        let peer_closed = match self.state {
            State::Closed { .. } | State::Failed(_) => return,
            State::PeerClosed => true,
            State::Open | State::Truncated => false,
        };
        if !self.connection.is_handshaking() {
            // An alert needs no key that is not used up, and its room is given.
            let _ = self.seal(|traffic, room| traffic.queue_close_notify(room));
        }
        self.incoming.clear();
        self.state = State::Closed { peer_closed };
    }

    /// Takes the next bytes of the stream, which may start and end anywhere in a record.
    ///
    /// # Errors
    ///
    /// If the connection fails, or has failed before. What is owed to the peer may have grown by
    /// an alert.
    pub fn handle_input(&mut self, records: Vec<u8>) -> Result<(), TlsError> {
        self.handle_input_with(records, keep)
    }

    /// As [`Self::handle_input`], but shows plaintext to `take` before it is kept for
    /// [`Self::poll_plaintext`], record by record: what `take` returns is how many bytes, from the first,
    /// it took. Once it left some it is shown no more.
    ///
    /// # Errors
    ///
    /// As [`Self::handle_input`].
    pub fn handle_input_with(
        &mut self,
        records: Vec<u8>,
        mut take: impl FnMut(&[u8]) -> usize,
    ) -> Result<(), TlsError> {
        match &self.state {
            State::Open => {
                self.incoming.push(records);
                self.drive(&mut take).map_err(|error| self.fail(error))
            }
            State::PeerClosed | State::Closed { .. } => Ok(()),
            State::Truncated => Err(TlsError::Truncated),
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// Says that the peer ended its side of the stream. What is owed can still be written.
    ///
    /// # Errors
    ///
    /// If it had not said so in a close_notify before, or the connection has failed before.
    pub fn handle_eof(&mut self) -> Result<(), TlsError> {
        match &self.state {
            State::Open if self.connection.is_handshaking() => {
                Err(self.fail(TlsError::HandshakeTruncated))
            }
            State::Open => {
                self.state = State::Truncated;
                Err(TlsError::Truncated)
            }
            State::PeerClosed | State::Closed { .. } => Ok(()),
            State::Truncated => Err(TlsError::Truncated),
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// What the peer sent, decrypted, and in order.
    pub fn poll_plaintext(&self) -> &[u8] {
        self.plaintext.as_slice()
    }

    /// Says that the first `len` bytes of [`Self::poll_plaintext`] are taken.
    pub fn advance_plaintext(&mut self, len: usize) {
        self.plaintext.advance(len);
    }

    /// The bytes owed to the peer, in order.
    pub fn poll_transmit(&self) -> &[u8] {
        self.transmit.as_slice()
    }

    /// Says that the first `len` bytes of [`Self::poll_transmit`] are written.
    pub fn advance_transmit(&mut self, len: usize) {
        self.transmit.advance(len);
    }

    /// Whether the handshake is under way: it is not done, and the connection neither closed nor
    /// failed.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Open) && self.connection.is_handshaking()
    }

    /// Whether the handshake was done, and be it that the connection is closed or has failed since.
    pub fn is_established(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// Whether the peer has sent close_notify, so that nothing arrives any more.
    pub fn is_peer_closed(&self) -> bool {
        matches!(
            self.state,
            State::PeerClosed | State::Closed { peer_closed: true }
        )
    }

    /// What was negotiated, once the handshake is done.
    pub fn info(&self) -> Option<TlsInfo> {
        if self.connection.is_handshaking() {
            return None;
        }
        Some(TlsInfo {
            version: match self.connection.protocol_version()? {
                ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
                // No other is offered.
                _ => TlsVersion::Tls12,
            },
            cipher_suite: provider::cipher_suite_name(self.connection.negotiated_cipher_suite()?),
            application_protocol: self.connection.alpn_protocol().map(Into::into),
            is_resumed: self.connection.handshake_kind() == Some(HandshakeKind::Resumed),
        })
    }

    /// Shows rustls one record after the other, until it needs more than there is.
    fn drive(&mut self, take: &mut dyn FnMut(&[u8]) -> usize) -> Result<(), TlsError> {
        let requests = self.context.client_certificate_request_count();
        loop {
            let status = self.connection.process_tls_records(self.incoming.window());
            self.client_certificate_requested |=
                self.context.client_certificate_request_count() != requests;
            let mut discard = status.discard;
            let mut wants_more = false;
            match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        let taken = match self.plaintext.as_slice() {
                            [] => take(record.payload),
                            _ => 0,
                        };
                        let kept = record.payload.get(taken..).unwrap_or_default();
                        self.plaintext.push(kept);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(owed)) => encode(owed, &mut self.transmit),
                // That it is transmitted is up to the caller now.
                Ok(ConnectionState::TransmitTlsData(owed)) => owed.done(),
                Ok(ConnectionState::PeerClosed) => {
                    self.incoming.clear();
                    self.state = State::PeerClosed;
                    return Ok(());
                }
                // `BlockedHandshake` and `WriteTraffic`; others are for servers, or for after
                // close_notify, where rustls is shown nothing.
                Ok(_) => wants_more = true,
                Err(error) => return Err(self.judge(error)),
            }
            self.incoming.discard(discard);
            if wants_more {
                let more = self.incoming.next_record();
                if self.incoming.held_len() > MAX_HELD_LEN {
                    return Err(TlsError::TooFragmented {
                        limit: MAX_HELD_LEN,
                    });
                }
                if !more {
                    return Ok(());
                }
            }
        }
    }

    /// Lets `write` seal records. Asked with no room, it says how much it needs.
    fn seal(
        &mut self,
        mut write: impl FnMut(
            &mut WriteTraffic<'_, ClientConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> Result<(), SendError> {
        // After `drive` there is nothing that rustls would have to do first.
        let status = self.connection.process_tls_records(self.incoming.window());
        let Ok(ConnectionState::WriteTraffic(mut traffic)) = status.state else {
            return Err(SendError::Closed);
        };
        let written = match write(&mut traffic, &mut []) {
            Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) => self
                .transmit
                .push_with(required_size, |room| write(&mut traffic, room)),
            // There is nothing to seal, or no key for it.
            written => written.map(|_| ()),
        };
        written.map_err(|_| {
            self.take_owed();
            self.incoming.clear();
            self.state = State::Closed {
                peer_closed: matches!(self.state, State::PeerClosed),
            };
            SendError::KeysUsedUp
        })
    }

    /// Takes what rustls owes the peer without showing it any records.
    fn take_owed(&mut self) {
        while self.connection.wants_write() {
            match self.connection.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(owed)) => encode(owed, &mut self.transmit),
                // While it wants to write, it is in no other state.
                _ => break,
            }
        }
    }

    /// Says what an error of rustls means here.
    fn judge(&self, error: Error) -> TlsError {
        // The version is known from the server's first message on: before it, what does not even
        // start like a record is of another protocol.
        if self.connection.protocol_version().is_none()
            && matches!(
                error,
                Error::InvalidMessage(
                    InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion
                )
            )
        {
            return TlsError::NotTls;
        }
        match TlsError::from(error) {
            // This is for nothing else. In TLS 1.2 there is no alert for it, but not many others
            // that servers send after they have asked for a certificate and got none.
            TlsError::AlertReceived(alert @ Alert::CERTIFICATE_REQUIRED) => {
                TlsError::ClientCertificateRequired(alert)
            }
            TlsError::AlertReceived(
                alert @ (Alert::HANDSHAKE_FAILURE
                | Alert::BAD_CERTIFICATE
                | Alert::CERTIFICATE_UNKNOWN),
            ) if self.client_certificate_requested => TlsError::ClientCertificateRequired(alert),
            error => error,
        }
    }

    /// Ends the connection with `error`.
    fn fail(&mut self, error: TlsError) -> TlsError {
        // rustls does not remember all of its errors. Shown the same record again, it would make
        // a second alert.
        self.take_owed();
        self.incoming.clear();
        self.state = State::Failed(error.clone());
        error
    }
}

/// Takes no plaintext, so that all of it is kept.
fn keep(_plaintext: &[u8]) -> usize {
    0
}

/// Appends what rustls owes the peer. Asked with no room, it says how much it needs.
fn encode(mut owed: EncodeTlsData<'_, ClientConnectionData>, transmit: &mut Buffer) {
    if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) =
        owed.encode(&mut [])
    {
        // Room for all of it is the one thing that can lack.
        let _ = transmit.push_with(required_size, |room| owed.encode(room));
    }
}
