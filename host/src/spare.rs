//! An instance that is started before anybody asks for it.

use std::sync::Arc;

use tokio::sync::Mutex;
use tracing::debug;

use crate::error::Error;
use crate::grants::{Access, Grants};
use crate::instance::{Instance, Prepared};
use crate::instances::Tenancy;
use crate::options::Options;
use crate::start::Request;

/// Where a guest starts to connect, and no more: nothing is granted, and it is not driven.
const NOWHERE: &str = "ws://localhost/";

/// An instance for the next connection, which no other had before.
///
/// To start one takes as long as connecting to a server close by. So one is started where somebody
/// waits for nothing: when a connection has ended.
pub(crate) struct Spare {
    prepared: Arc<Prepared>,
    /// Locked while one is started.
    instance: Mutex<Option<Arc<Instance>>>,
}

impl Spare {
    pub(crate) fn new(prepared: Arc<Prepared>) -> Self {
        Self {
            prepared,
            instance: Mutex::new(None),
        }
    }

    /// The instance, if there is one.
    pub(crate) fn take(&self) -> Option<Arc<Instance>> {
        self.instance.try_lock().ok()?.take()
    }

    /// Starts one, unless there is one or somebody else does.
    pub(crate) async fn fill(&self) {
        let Ok(mut spare) = self.instance.try_lock() else {
            return;
        };
        if spare.is_some() {
            return;
        }
        match start(&self.prepared).await {
            Ok(instance) => *spare = Some(instance),
            // The next connection starts its own, and is told if that fails.
            Err(error) => debug!("no instance for the next connection: {error}"),
        }
    }
}

/// Starts an instance, and has its guest start to connect once: the memory and the code that this takes
/// are there then.
async fn start(prepared: &Arc<Prepared>) -> Result<Arc<Instance>, Error> {
    let instance = Arc::new(Instance::new(prepared.clone(), None));
    let tenancy = Tenancy::of_one(instance.clone(), Access::new(Grants::new()));
    let options = Options::new();
    let request = Request {
        host: Some(NOWHERE.into()),
        port: None,
        path: None,
        connect_timeout: options.connect_timeout_or_default(),
        options,
    };
    request.start(&tenancy).await?.drop(&tenancy).await?;
    Ok(instance)
}
