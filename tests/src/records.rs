//! What scripts do beneath TLS, where there are records and alerts.

use std::io::{Error, Write};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, AlertDescription};

use crate::scripted::Stream;

impl Stream {
    /// Does the TLS handshake.
    ///
    /// # Panics
    ///
    /// If the client gives up in it, or there is TLS already.
    pub async fn accept_tls(self, tls: &TlsAcceptor) -> Self {
        let Self::Plain(stream) = self else {
            panic!("there is TLS");
        };
        let stream = tls.accept(stream).await.expect("a TLS handshake");
        Self::Secure(Box::new(stream))
    }

    /// Starts TLS with a client that is to give up in the TLS handshake. Asserts that it does so
    /// with this alert, and ends TCP without a byte more.
    ///
    /// # Panics
    ///
    /// If there is TLS already.
    pub async fn expect_refusal(self, tls: &TlsAcceptor, alert: AlertDescription) {
        let Self::Plain(stream) = self else {
            panic!("there is TLS");
        };
        match tls.accept(stream).into_fallible().await {
            Ok(_) => panic!("the client shook hands"),
            Err((error, mut stream)) => {
                assert_eq!(alert_of(&error), Some(alert), "{error:?}");
                let mut rest = Vec::new();
                // The client may have been sent more than it read, which makes its end a reset.
                let _ = stream.read_to_end(&mut rest).await;
                assert!(rest.is_empty(), "{rest:x?}");
            }
        }
    }

    /// Asserts that the client gives up with this alert, without a byte of data before it.
    pub async fn expect_alert(&mut self, alert: AlertDescription) {
        let mut rest = Vec::new();
        let end = self.io().read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "{rest:x?}");
        let error = end.expect_err("an alert and not an end");
        assert_eq!(alert_of(&error), Some(alert), "{error:?}");
    }

    /// Reads one record beneath TLS: its type, and what is in it.
    ///
    /// # Panics
    ///
    /// If it does not come.
    pub async fn record(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 5];
        let tcp = self.tcp_mut();
        tcp.read_exact(&mut header).await.expect("a record");
        let [kind, _, _, high, low] = header;
        let mut payload = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        tcp.read_exact(&mut payload).await.expect("all of it");
        (kind, payload)
    }

    /// Seals these bytes in records, which are not sent.
    ///
    /// # Panics
    ///
    /// If there is no TLS.
    pub fn seal(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Self::Secure(stream) = self else {
            panic!("there is no TLS");
        };
        let tls = stream.get_mut().1;
        tls.writer().write_all(bytes).expect("room for them");
        let mut records = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut records).expect("room for them");
        }
        records
    }

    /// Lets what is sent from now on be sealed with new keys, in TLS 1.3, and asks the client to do
    /// the same.
    ///
    /// # Panics
    ///
    /// If there is no TLS, or an older one.
    pub fn refresh_keys(&mut self) {
        let Self::Secure(stream) = self else {
            panic!("there is no TLS");
        };
        let refreshed = stream.get_mut().1.refresh_traffic_keys();
        refreshed.expect("TLS 1.3");
    }

    /// Sends these bytes beneath TLS, in one piece.
    ///
    /// # Panics
    ///
    /// If they cannot be sent.
    pub async fn send_beneath(&mut self, bytes: &[u8]) {
        self.tcp_mut().write_all(bytes).await.expect("sent");
    }
}

/// The alert that an error of TLS tells of, if it does.
fn alert_of(error: &Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}
