//! Instances of the component: how they are started, entered and ended.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, SetOnce};
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
    state: Arc<Mutex<Stage>>,
    trapped: SetOnce<TrapReport>,
}

enum Stage {
    New(Option<Place>),
    Running(Running),
}

struct Running {
    sandbox: Sandbox,
    guest: Arc<Websocket>,
}

/// An instance that was entered.
///
/// Not to be dropped while the guest is called: nobody could call it any more.
pub(crate) struct Entered(OwnedMappedMutexGuard<Stage, Running>);

impl Instance {
    pub(crate) fn new(prepared: Arc<Prepared>, place: Option<Place>) -> Self {
        Self {
            prepared,
            state: Arc::new(Mutex::new(Stage::New(place))),
            trapped: SetOnce::new(),
        }
    }

    /// Enters it, to reach what `access` grants.
    pub(crate) async fn enter(&self, access: &Access) -> Result<Entered, TrapReport> {
        let mut stage = self.state.clone().lock_owned().await;
        if let Some(report) = self.trapped.get() {
            return Err(report.clone());
        }
        if let Stage::New(place) = &mut *stage {
            let place = place.take();
            *stage = Stage::Running(Box::pin(self.start(place)).await?);
        }
        let running = OwnedMutexGuard::try_map(stage, |stage| match stage {
            Stage::New(_) => None,
            Stage::Running(running) => Some(running),
        });
        match running {
            Ok(mut running) => {
                running.sandbox.set_access(access);
                Ok(Entered(running))
            }
            Err(_) => Err(self.trapped().await),
        }
    }

    async fn start(&self, place: Option<Place>) -> Result<Running, TrapReport> {
        let prepared = &self.prepared;
        let state = State::new(prepared.max_memory);
        let mut sandbox = Sandbox::new(&prepared.engine, state, &prepared.turns, place);
        match prepared.component.instantiate_async(&mut sandbox).await {
            Ok(guest) => Ok(Running {
                sandbox,
                guest: Arc::new(guest),
            }),
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
