use std::sync::Arc;

use fastrand::Rng;
use wasocket::Options;

use crate::{Action, Authority, Direction, Echo, Fault, FaultProxy, Identity, scaled};

/// How many messages a connection is to send at most.
const MAX_BATCH: u64 = 16;

/// How many bytes a message has beside its number at most.
const MAX_PADDING: u64 = 1024;

/// Up to which byte faults are: some are at more than there are, and are never met.
const MAX_AT: usize = 16 << 10;

/// One fault in so many is in the first bytes, where the handshakes are.
const EARLY_ONE_IN: u8 = 3;
const MAX_EARLY_AT: usize = 2 << 10;

/// How long a byte is held back, in milliseconds.
const DELAY: u64 = 50;

/// The servers, and what it takes to connect to them.
pub(super) struct Lab {
    plain: Arc<Echo>,
    secure: Arc<Echo>,
    identity: Identity,
    options: Options,
}

/// What one row of messages goes through.
pub(super) struct Plan {
    lab: Arc<Lab>,
    secure: bool,
    rng: Rng,
}

impl Lab {
    pub(super) async fn start(options: Options) -> Self {
        let authority = Authority::new();
        let identity = authority.issue();
        Self {
            plain: Arc::new(Echo::start().await),
            secure: Arc::new(Echo::start_tls(&identity).await),
            // Those over `ws` have no use for roots, and take no harm.
            options: options.roots(authority.pem()).without_built_in_roots(),
            identity,
        }
    }
}

impl Plan {
    pub(super) fn new(lab: Arc<Lab>, secure: bool, rng: Rng) -> Self {
        Self { lab, secure, rng }
    }

    /// How many messages the next connection is to send.
    pub(super) fn batch(&mut self) -> u64 {
        self.rng.u64(1..=MAX_BATCH)
    }

    /// The message of this number: always the same, and of another length than that of the next.
    pub(super) fn message(&self, number: u64) -> String {
        let padding = number.wrapping_mul(0x9e37_79b9) % MAX_PADDING;
        format!("{number}:{:width$}", "", width = padding as usize)
    }

    pub(super) fn options(&self) -> &Options {
        &self.lab.options
    }

    pub(super) fn url(&self, port: u16) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://127.0.0.1:{port}/")
    }

    /// Stands in front of the server with the next fault, or with none; says what it is called.
    pub(super) async fn proxy(&mut self, is_harmless: bool) -> (FaultProxy, &'static str) {
        let (name, action) = match self.rng.u8(0..8) {
            _ if is_harmless => ("none", Action::Watch),
            0 => ("none", Action::Watch),
            1 | 2 => ("reset", Action::Reset),
            3 => ("half-close", Action::HalfClose),
            4 => ("delay", Action::Delay(scaled(DELAY))),
            5 => ("end of the server", Action::Kill),
            // Without TLS there is no telling what was changed.
            6 if self.secure => ("flipped bit", Action::Corrupt(1 << self.rng.u8(0..8))),
            _ => ("stall", Action::Stall),
        };
        let max = if self.rng.u8(0..EARLY_ONE_IN) == 0 {
            MAX_EARLY_AT
        } else {
            MAX_AT
        };
        let fault = Fault {
            direction: if self.rng.bool() {
                Direction::Up
            } else {
                Direction::Down
            },
            at: self.rng.usize(0..max),
            action,
        };
        let server = match (action, self.secure) {
            (Action::Kill, false) => Arc::new(Echo::start().await),
            (Action::Kill, true) => Arc::new(Echo::start_tls(&self.lab.identity).await),
            (_, false) => self.lab.plain.clone(),
            (_, true) => self.lab.secure.clone(),
        };
        (FaultProxy::start(&server, fault).await, name)
    }
}
