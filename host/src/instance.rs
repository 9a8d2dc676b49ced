//! Instances of the component: how they are started, entered and ended.

use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard, SetOnce};
use tracing::debug;
use wasmtime::Engine;

use crate::bindings::{Websocket, WebsocketPre};
use crate::error::TrapReport;
use crate::grants::Access;
use crate::pool::Place;
use crate::sandbox::{Sandbox, Turns};
use crate::store::State;

/// The component, ready to be instantiated.
pub(crate) struct Prepared {
    pub(crate) engine: Engine,
    pub(crate) component: WebsocketPre<State>,
    /// In bytes, of each instance.
    pub(crate) max_memory: usize,
    pub(crate) turns: Turns,
}

/// An instance of the component, of one connection or of several.
///
/// Who enters it has it alone; who waits gets it in turn. It is started when it is entered first.
pub(crate) struct Instance {
    prepared: Arc<Prepared>,
    running: OnceCell<Arc<Mutex<Running>>>,
    trapped: SetOnce<TrapReport>,
    /// Given back after all that the store has, so that whoever waits for it finds that free.
    _place: Option<Place>,
}

struct Running {
    sandbox: Sandbox,
    guest: Arc<Websocket>,
}

/// An instance that was entered.
///
/// Not to be dropped while the guest is called: nobody could call it any more.
pub(crate) struct Entered(OwnedMutexGuard<Running>);

impl Instance {
    pub(crate) fn new(prepared: Arc<Prepared>, place: Option<Place>) -> Self {
        Self {
            prepared,
            running: OnceCell::new(),
            trapped: SetOnce::new(),
            _place: place,
        }
    }

    /// Enters it, to reach what `access` grants.
    pub(crate) async fn enter(&self, access: &Access) -> Result<Entered, TrapReport> {
        let running = match self.running.get() {
            Some(running) => running,
            // Boxed: there is room for it as long as it lasts, which is once.
            None => Box::pin(self.running.get_or_try_init(|| self.start())).await?,
        };
        let mut running = running.clone().lock_owned().await;
        if let Some(report) = self.trapped.get() {
            return Err(report.clone());
        }
        running.sandbox.set_access(access);
        Ok(Entered(running))
    }

    async fn start(&self) -> Result<Arc<Mutex<Running>>, TrapReport> {
        if let Some(report) = self.trapped.get() {
            return Err(report.clone());
        }
        let prepared = &self.prepared;
        let state = State::new(prepared.max_memory);
        let mut sandbox = Sandbox::new(&prepared.engine, state, &prepared.turns);
        match prepared.component.instantiate_async(&mut sandbox).await {
            Ok(guest) => {
                debug!("instance started");
                Ok(Arc::new(Mutex::new(Running {
                    sandbox,
                    guest: Arc::new(guest),
                })))
            }
            Err(trap) => Err(self.set_trapped(sandbox.report(trap))),
        }
    }

    /// Ends it, because it trapped after it was entered.
    pub(crate) fn trap(&self, entered: &Entered, trap: wasmtime::Error) -> TrapReport {
        self.set_trapped(entered.0.sandbox.report(trap))
    }

    fn set_trapped(&self, report: TrapReport) -> TrapReport {
        // It traps once: nobody enters it afterwards.
        let _ = self.trapped.set(report.clone());
        report
    }

    /// Waits until it traps.
    pub(crate) async fn trapped(&self) -> TrapReport {
        self.trapped.wait().await.clone()
    }

    pub(crate) fn has_trapped(&self) -> bool {
        self.trapped.initialized()
    }
}

impl Entered {
    pub(crate) fn guest(&self) -> Arc<Websocket> {
        self.0.guest.clone()
    }

    pub(crate) fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.0.sandbox
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.sandbox.rest();
    }
}
