//! What stands for TLS in a build without it. Nothing of it can be had: each constructor fails, and
//! says why.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::error::{SendError, TlsError};

/// There is no root, since there is no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this component is built without TLS: the URL has to start with ws")]
pub struct NoRoots;

/// No roots are added, since there is no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this component is built without TLS of its own, and trusts no roots")]
pub struct RootsError;

/// A connection, of which there is none.
#[derive(Debug)]
pub enum Tls {}

/// What connections share, of which there are none.
#[derive(Clone, Debug)]
pub enum TlsContext {}

/// The contexts, of which there are none.
#[derive(Debug, Default)]
pub struct TlsContexts(());

/// Which roots are trusted: there are none. What was asked for makes a difference all the same, to
/// whoever has TLS from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    built_in_removed: bool,
}

/// Whom the server's certificate must be for, which nobody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerName;

impl TlsContexts {
    /// None, now and ever.
    pub const fn new() -> Self {
        Self(())
    }

    /// No context.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn get(&mut self, _roots: &Roots) -> Result<TlsContext, NoRoots> {
        Err(NoRoots)
    }
}

impl Roots {
    /// Adds no certificate.
    ///
    /// # Errors
    ///
    /// Always: who adds roots wants TLS.
    pub fn add_pem(&mut self, _pem: &[u8]) -> Result<usize, RootsError> {
        Err(RootsError)
    }

    /// There is nothing to remove; that it was asked for is kept.
    pub fn remove_built_in(&mut self) {
        self.built_in_removed = true;
    }
}

impl ServerName {
    /// No name.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn from_host_name(_name: &str) -> Result<Self, NoRoots> {
        Err(NoRoots)
    }
}

impl From<IpAddr> for ServerName {
    fn from(_address: IpAddr) -> Self {
        Self
    }
}

/// What can be done with a connection, if there were one.
#[expect(
    missing_docs,
    reason = "`Tls` has the same with TLS, and says what it does"
)]
impl Tls {
    pub fn new(
        context: &TlsContext,
        _server_name: ServerName,
        _unix_time: u64,
    ) -> Result<Self, TlsError> {
        match *context {}
    }

    pub fn send(&mut self, _plaintext: &[u8]) -> Result<(), SendError> {
        match *self {}
    }

    pub fn close(&mut self) {
        match *self {}
    }

    pub fn handle_input_with(
        &mut self,
        _records: Vec<u8>,
        _take: impl FnMut(&[u8]) -> usize,
    ) -> Result<(), TlsError> {
        match *self {}
    }

    pub fn handle_eof(&mut self) -> Result<(), TlsError> {
        match *self {}
    }

    pub fn poll_plaintext(&self) -> &[u8] {
        match *self {}
    }

    pub fn advance_plaintext(&mut self, _len: usize) {
        match *self {}
    }

    pub fn poll_transmit(&self) -> &[u8] {
        match *self {}
    }

    pub fn advance_transmit(&mut self, _len: usize) {
        match *self {}
    }

    pub fn is_handshaking(&self) -> bool {
        match *self {}
    }

    pub fn is_established(&self) -> bool {
        match *self {}
    }

    pub fn is_peer_closed(&self) -> bool {
        match *self {}
    }
}
