//! A pair of streams of plaintext over a pair of records.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use crate::error::FailureKind;
use crate::grants::Access;
use crate::tls::failure_kind;
use crate::wasi::streams::{Duplex, End, InputStream, MAX_READ_LEN, OutputStream};

/// How much longer records may be than what they seal: 16 of them, at most 29 bytes each, and what
/// rustls owes the server beside them.
const ROOM_FOR_RECORDS: u64 = 4 << 10;

/// A TLS connection, which its two streams and their pollables share.
pub(in crate::wasi) struct Secured {
    input: InputStream,
    output: OutputStream,
    access: Access,
    session: Mutex<Session>,
}

struct Session {
    connection: ClientConnection,
    /// What arrived and the guest has not read.
    unread: Vec<u8>,
    /// Why nothing more arrives.
    input_end: Option<End>,
    /// Why nothing more is sent.
    output_end: Option<End>,
}

impl Secured {
    /// Does the handshake with the server of this name, or says why not.
    pub(super) async fn new(
        server_name: String,
        input: InputStream,
        output: OutputStream,
        access: Access,
    ) -> Result<Arc<Self>, String> {
        let connection = connection(server_name, &access)?;
        let secured = Self {
            input,
            output,
            access,
            session: Mutex::new(Session {
                connection,
                unread: Vec::new(),
                input_end: None,
                output_end: None,
            }),
        };
        while !secured.shake_hands().map_err(|end| end.to_string())? {
            poll_fn(|cx| secured.input.0.poll_readable(cx)).await;
        }
        Ok(Arc::new(secured))
    }

    /// Does of the handshake what can be done now; returns whether it is done.
    fn shake_hands(&self) -> Result<bool, End> {
        let mut session = self.session();
        self.flush(&mut session);
        self.receive(&mut session);
        if !session.connection.is_handshaking() {
            return Ok(true);
        }
        match session
            .input_end
            .as_ref()
            .or(session.output_end.as_ref())
            .cloned()
        {
            None => Ok(false),
            Some(end @ End::TlsFailed(_)) => Err(end),
            Some(end) => {
                self.fail(FailureKind::ConnectionLost);
                Err(end)
            }
        }
    }

    /// Decrypts what is there, and answers it.
    fn receive(&self, session: &mut Session) {
        let received = match self.input.0.read(MAX_READ_LEN as u64) {
            Ok(records) if records.is_empty() => return,
            Ok(records) => session.decrypt(&records),
            Err(End::Closed) => {
                session.input_end = Some(self.truncated(session));
                return;
            }
            Err(end) => {
                session.input_end = Some(end);
                return;
            }
        };
        // It is a handshake's, or an alert that tells the server what is wrong, or nothing: of what answers
        // requests for new keys rustls holds one back for the next write, so that a server that does not
        // read has nothing pile up.
        self.flush(session);
        if let Err(error) = received {
            self.fail(failure_kind(&error));
            let end = End::TlsFailed(error.to_string());
            session.input_end = Some(end.clone());
            session.output_end = Some(end);
        }
    }

    /// The stream ended without a close_notify.
    fn truncated(&self, session: &Session) -> End {
        let (kind, message) = if session.connection.is_handshaking() {
            (
                FailureKind::ConnectionEnded,
                "the stream ended before the TLS handshake was done",
            )
        } else {
            (
                FailureKind::TlsTruncated,
                "the stream ended without a close_notify alert",
            )
        };
        self.fail(kind);
        End::TlsFailed(message.into())
    }

    /// Writes what is sealed.
    fn flush(&self, session: &mut Session) {
        let mut records = Vec::new();
        while session.connection.wants_write() {
            // A vector takes everything.
            if session.connection.write_tls(&mut records).is_err() {
                break;
            }
        }
        if records.is_empty() {
            return;
        }
        if let Err(end) = self.output.0.clone().push(&records) {
            session.output_end.get_or_insert(end);
        }
    }

    /// Ends our side: by close_notify, and then TCP's.
    pub(super) fn close_output(&self) {
        let mut session = self.session();
        if session.output_end.is_some() {
            return;
        }
        session.connection.send_close_notify();
        self.flush(&mut session);
        session.output_end.get_or_insert(End::Closed);
        self.output.0.end_output();
    }

    /// Remembers what kind of failure it is, which wasi:tls cannot say.
    fn fail(&self, kind: FailureKind) {
        if let Some(tls) = self.access.tls() {
            tls.fail(kind);
        }
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        // Nothing of ours panics while holding the lock.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that has yet to do its handshake.
fn connection(server_name: String, access: &Access) -> Result<ClientConnection, String> {
    let tls = access.tls().ok_or("the host does no TLS")?;
    let config = tls.config();
    let config = config.ok_or("the built-in roots are removed and no others are added")?;
    let name = ServerName::try_from(server_name)
        .map_err(|_| "the host is not a name that a certificate can be for")?;
    let connection = ClientConnection::new(config.clone(), name);
    let mut connection = connection.map_err(|error| error.to_string())?;
    // What is sealed is written at once; what is written at once is bounded by our permits.
    connection.set_buffer_limit(None);
    Ok(connection)
}

impl Session {
    fn decrypt(&mut self, mut records: &[u8]) -> Result<(), rustls::Error> {
        self.unread.reserve(records.len());
        while !records.is_empty() {
            let taken = self.connection.read_tls(&mut records);
            let processed = self.connection.process_new_packets();
            // What arrived before an error is read before it. That there is no more is an error, too.
            let _ = self.connection.reader().read_to_end(&mut self.unread);
            if processed?.peer_has_closed() {
                self.input_end = Some(End::Closed);
                break;
            }
            // It takes nothing if it holds too much of a handshake, which is an error of the server's.
            if let Err(error) = taken {
                return Err(rustls::Error::General(error.to_string()));
            }
        }
        Ok(())
    }
}

impl Duplex for Secured {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let session = self.session();
        if !session.unread.is_empty() || session.input_end.is_some() {
            return Poll::Ready(());
        }
        self.input.0.poll_readable(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.session().output_end.is_some() {
            return Poll::Ready(());
        }
        self.output.0.poll_writable(cx)
    }

    fn read(&self, len: u64) -> Result<Vec<u8>, End> {
        let mut session = self.session();
        if session.unread.is_empty() && session.input_end.is_none() {
            // As much as there is, whatever is asked for: a record has to be there whole.
            self.receive(&mut session);
        }
        if let (true, Some(end)) = (session.unread.is_empty(), &session.input_end) {
            return Err(end.clone());
        }
        let len = usize::try_from(len).map_or(MAX_READ_LEN, |len| len.min(MAX_READ_LEN));
        if session.unread.len() <= len {
            return Ok(std::mem::take(&mut session.unread));
        }
        let rest = session.unread.split_off(len);
        Ok(std::mem::replace(&mut session.unread, rest))
    }

    fn permit(&self) -> Result<u64, End> {
        if let Some(end) = &self.session().output_end {
            return Err(end.clone());
        }
        let permit = self.output.0.permit()?;
        Ok(permit.saturating_sub(ROOM_FOR_RECORDS))
    }

    fn write(self: Arc<Self>, bytes: &[u8]) -> wasmtime::Result<Result<(), End>> {
        // Records that are longer than the permit below are not taken.
        if self
            .permit()
            .is_ok_and(|permit| bytes.len() as u64 > permit)
        {
            return Err(wasmtime::Error::msg("more is written than was permitted"));
        }
        Ok(self.push(bytes))
    }

    fn push(self: Arc<Self>, bytes: &[u8]) -> Result<(), End> {
        let mut session = self.session();
        if let Some(end) = &session.output_end {
            return Err(end.clone());
        }
        // It takes all, since there is no limit to what it holds.
        let sealed = session.connection.writer().write_all(bytes);
        if sealed.is_err() || !(bytes.is_empty() || session.connection.wants_write()) {
            // TLS 1.2 cannot change its keys.
            let end = End::TlsFailed("the keys of the TLS connection are used up".into());
            session.output_end = Some(end.clone());
            return Err(end);
        }
        self.flush(&mut session);
        match &session.output_end {
            None => Ok(()),
            Some(end) => Err(end.clone()),
        }
    }

    fn end_output(&self) {
        self.close_output();
    }

    fn leave(&self) {
        self.output.0.leave();
    }
}
