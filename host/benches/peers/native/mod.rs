//! Clients that are used from outside of wasm, on Tokio: what each is, and what all do. The latter is
//! in files that `../../fastwebsockets` has too.

mod halves;
mod tls;
mod tungstenite;
mod wasocket;
mod work;

pub(crate) use tls::config as tls_config;
pub(crate) use tungstenite::{Batches, Plain};
pub(crate) use wasocket::{HostTls, Own, Shared};
pub(crate) use work::block_on;

use std::sync::Arc;

use crate::contestant::Contestant;
use crate::service::Service;
use crate::task::{Measured, Purpose, Task};
use work::Dialer;

/// One who takes part with such a client.
pub(crate) struct Native<D> {
    name: &'static str,
    dialer: Arc<D>,
    /// Without TLS it is the same as another.
    is_for_tls: bool,
}

impl<D: Dialer> Native<D> {
    pub(crate) fn new(name: &'static str, roots: &str) -> Self {
        Self {
            name,
            dialer: Arc::new(D::new(roots)),
            is_for_tls: false,
        }
    }

    /// One that takes part over TLS alone.
    pub(crate) fn for_tls(name: &'static str, roots: &str) -> Self {
        Self {
            is_for_tls: true,
            ..Self::new(name, roots)
        }
    }
}

impl<D: Dialer> Contestant for Native<D> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn does(&self, task: Task, secure: bool) -> bool {
        (secure || !self.is_for_tls) && D::does(task)
    }

    fn run(&self, task: Task, service: &Service, secure: bool) -> Measured {
        let target = service.target(secure, task.purpose());
        let resumable = service.target(secure, Purpose::Resumable);
        work::run(&self.dialer, task, target, resumable)
    }
}
