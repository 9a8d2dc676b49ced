//! Who takes part.

use std::fmt::Display;

use crate::floor::Floor;
use crate::guests::{Guest, Inside};
use crate::native::{Batches, HostTls, Native, Own, Plain, Shared};
use crate::process::Process;
use crate::service::Service;
use crate::task::{Measured, Purpose, Task};

/// One who takes part.
pub(crate) trait Contestant {
    fn name(&self) -> &'static str;

    /// Whether it has what the task is about.
    fn does(&self, task: Task, secure: bool) -> bool;

    /// Does it.
    ///
    /// # Panics
    ///
    /// If an answer is not the right one.
    fn run(&self, task: Task, service: &Service, secure: bool) -> Measured;
}

/// Our crate as most use it, which ratios and goals are of.
pub(crate) const OURS: &str = "wasocket";

/// Our crate with many connections in an instance.
pub(crate) const OURS_SHARED: &str = "wasocket, shared instance";

/// Our crate with TLS outside of the sandbox.
pub(crate) const OURS_HOST_TLS: &str = "wasocket, host's TLS";

/// What ratios are to.
pub(crate) const TUNGSTENITE: &str = "tokio-tungstenite";

pub(crate) const TUNGSTENITE_BATCHES: &str = "tokio-tungstenite, batches";

pub(crate) const FLOOR: &str = "floor";

pub(crate) const WS_BUFFERUTIL: &str = "npm ws, bufferutil";

/// Whether a name contains one of these texts. Without any, each will do.
pub(crate) fn contains_any(name: &str, texts: &[String]) -> bool {
    texts.is_empty() || texts.iter().any(|text| name.contains(text.as_str()))
}

/// Those with one of these texts in their name; all of them if there is no text. Says who is left out
/// for what is not installed.
pub(crate) fn all(service: &Service, texts: &[String]) -> Vec<Box<dyn Contestant>> {
    let roots = service.target(true, Purpose::Echo).roots;
    let mut contestants: Vec<Box<dyn Contestant>> = Vec::new();
    let mut add = |name: &str, make: &dyn Fn() -> Option<Box<dyn Contestant>>| {
        if contains_any(name, texts) {
            contestants.extend(make());
        }
    };
    add(OURS, &|| Some(Box::new(Native::<Own>::new(OURS, &roots))));
    add(OURS_SHARED, &|| {
        Some(Box::new(Native::<Shared>::new(OURS_SHARED, &roots)))
    });
    add(OURS_HOST_TLS, &|| {
        Some(Box::new(Native::<HostTls>::for_tls(OURS_HOST_TLS, &roots)))
    });
    for inside in Inside::ALL {
        add(inside.name(), &|| Some(Box::new(Guest::new(inside))));
    }
    add(FLOOR, &|| Some(Box::new(Floor::new(&roots))));
    add(TUNGSTENITE, &|| {
        Some(Box::new(Native::<Plain>::new(TUNGSTENITE, &roots)))
    });
    add(TUNGSTENITE_BATCHES, &|| {
        let contestant = Native::<Batches>::new(TUNGSTENITE_BATCHES, &roots);
        Some(Box::new(contestant))
    });
    add("fastwebsockets", &|| {
        Some(Box::new(Process::fastwebsockets("fastwebsockets")))
    });
    add("npm ws", &|| or_left_out(Process::ws("npm ws", false)));
    add(WS_BUFFERUTIL, &|| {
        or_left_out(Process::ws(WS_BUFFERUTIL, true))
    });
    add("Python websockets", &|| {
        or_left_out(Process::websockets("Python websockets"))
    });
    contestants
}

fn or_left_out(process: Result<Process, impl Display>) -> Option<Box<dyn Contestant>> {
    match process {
        Ok(process) => Some(Box::new(process)),
        Err(error) => {
            eprintln!("left out: {error}");
            None
        }
    }
}
