//! How a connection comes to be: from what is asked for to the guest's websocket.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceAny;

use crate::bindings::Websocket;
use crate::error::{Error, Failure, FailureKind, Step, TrapReport};
use crate::instances::Tenancy;
use crate::options::Options;
use crate::sandbox::Sandbox;
use crate::wasi::Clock;

/// What is asked for.
pub(crate) struct Request {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) path: Option<String>,
    pub(crate) options: Options,
    /// What is left of it.
    pub(crate) connect_timeout: Duration,
}

/// A websocket of the guest's.
pub(crate) struct Started {
    pub(crate) guest: Arc<Websocket>,
    pub(crate) websocket: ResourceAny,
    pub(crate) clock: Clock,
}

impl Request {
    /// Has the guest start to connect.
    pub(crate) async fn start(&self, tenancy: &Tenancy) -> Result<Started, Error> {
        let entered = tenancy.enter().await;
        let mut entered = entered.map_err(not_started)?;
        let guest = entered.guest();
        let clock = entered.sandbox().data().clock;
        match self.connect(entered.sandbox(), &guest).await {
            Ok(Ok(websocket)) => Ok(Started {
                guest,
                websocket,
                clock,
            }),
            Ok(Err(error)) => Err(error),
            Err(trap) => Err(not_started(tenancy.trap(&entered, trap))),
        }
    }

    async fn connect(
        &self,
        store: &mut Sandbox,
        guest: &Websocket,
    ) -> wasmtime::Result<Result<ResourceAny, Error>> {
        let client = guest.wasocket_websocket_client();
        let options = self.options.apply(store, client, self.connect_timeout);
        let options = match options.await? {
            Ok(options) => options,
            Err(argument) => return Ok(Err(argument.into())),
        };
        let connected = client
            .websocket()
            .call_connect(
                &mut *store,
                self.host.as_deref(),
                self.port,
                self.path.as_deref(),
                Some(options),
            )
            .await?;
        options.resource_drop_async(&mut *store).await?;
        let websocket = match connected {
            Ok(websocket) => websocket,
            Err(argument) => return Ok(Err(argument.into())),
        };
        if self.options.stream_messages_over.is_some() {
            client
                .websocket()
                .call_receive_parts(store, websocket, true)
                .await?;
        }
        Ok(Ok(websocket))
    }
}

impl Started {
    /// Has the guest forget it.
    pub(crate) async fn drop(self, tenancy: &Tenancy) -> Result<(), Error> {
        let entered = tenancy.enter().await;
        let mut entered = entered.map_err(not_started)?;
        let dropped = self.websocket.resource_drop_async(entered.sandbox());
        let dropped = dropped.await;
        dropped.map_err(|trap| not_started(tenancy.trap(&entered, trap)))
    }
}

fn not_started(report: TrapReport) -> Error {
    Error::Failed(Failure {
        step: Step::Start,
        message: format!("the component could not be started: {report}"),
        kind: FailureKind::Trap(report),
    })
}
