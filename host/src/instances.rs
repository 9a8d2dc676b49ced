//! Which connection has which instance.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{self, Handle};

use crate::error::{Failure, TrapReport};
use crate::grants::Access;
use crate::instance::{Entered, Instance, Prepared};
use crate::pool::{Place, Places, Pool};
use crate::spare::Spare;

/// The instances of a runtime.
pub(crate) struct Instances {
    prepared: Arc<Prepared>,
    places: Option<Places>,
    /// `None` if each connection has its own.
    sharing: Option<Arc<Sharing>>,
    /// What the next connection has. `None` if connections share instances, or there is a pool, whose
    /// places are for connections alone.
    spare: Option<Arc<Spare>>,
}

/// Instances that several connections have.
struct Sharing {
    /// How many connections an instance may have.
    connections: u32,
    /// How many connections all that the pool has room for may have.
    places: Option<Places>,
    shared: Mutex<Vec<Shared>>,
}

struct Shared {
    instance: Arc<Instance>,
    connections: u32,
    /// The Tokio runtime whose tasks enter it. If that ends while one is inside, nobody can enter the
    /// instance again.
    runtime: runtime::Id,
}

/// The part that a connection has in an instance, given back when it is dropped.
pub(crate) struct Tenancy {
    instance: Arc<Instance>,
    access: Access,
    /// If others may have a part in it too.
    sharing: Option<Arc<Sharing>>,
    /// Given back last, so that whoever waits for it finds the instance with room.
    _place: Option<Place>,
}

impl Instances {
    /// Instances for `connections` each, of a pool if there is one.
    pub(crate) fn new(prepared: Prepared, connections: u32, pool: Option<Pool>) -> Self {
        let sharing = (connections > 1).then(|| Sharing {
            connections,
            places: pool.map(|pool| Places::of_connections(pool, connections)),
            shared: Mutex::default(),
        });
        let prepared = Arc::new(prepared);
        let spare = (sharing.is_none() && pool.is_none()).then(|| Spare::new(prepared.clone()));
        Self {
            prepared,
            places: pool.map(Places::new),
            sharing: sharing.map(Arc::new),
            spare: spare.map(Arc::new),
        }
    }

    pub(crate) fn max_memory(&self) -> usize {
        self.prepared.max_memory
    }

    /// Where to put an instance for the next connection when one has ended. It is gone with the
    /// runtime.
    pub(crate) fn spare(&self) -> Option<Weak<Spare>> {
        self.spare.as_ref().map(Arc::downgrade)
    }

    /// A part in an instance, for a connection that may reach what `access` grants; and how much of
    /// `timeout` is left.
    ///
    /// Cancel safe: whoever is dropped gives up its turn, and nothing is lost.
    pub(crate) async fn take(
        &self,
        access: Access,
        timeout: Duration,
    ) -> Result<(Tenancy, Duration), Failure> {
        let Some(sharing) = &self.sharing else {
            let (place, left) = take(self.places.as_ref(), timeout).await?;
            let spare = self.spare.as_ref().and_then(|spare| spare.take());
            let start = || Arc::new(Instance::new(self.prepared.clone(), place));
            let instance = spare.unwrap_or_else(start);
            return Ok((Tenancy::of_one(instance, access), left));
        };
        let (place, left) = take(sharing.places.as_ref(), timeout).await?;
        let (instance, left) = self.share(sharing, left).await?;
        let tenancy = Tenancy {
            instance,
            access,
            sharing: Some(sharing.clone()),
            _place: place,
        };
        Ok((tenancy, left))
    }

    /// An instance with room, one for each thread of Tokio's before any has two connections.
    async fn share(
        &self,
        sharing: &Sharing,
        timeout: Duration,
    ) -> Result<(Arc<Instance>, Duration), Failure> {
        let tokio = Handle::current();
        if sharing.count(tokio.id()) < tokio.metrics().num_workers()
            && let Some(place) = try_take(self.places.as_ref())
        {
            return Ok((sharing.start(&self.prepared, place), timeout));
        }
        if let Some(instance) = sharing.join(tokio.id()) {
            return Ok((instance, timeout));
        }
        // There is a place, unless those that trapped or are another Tokio runtime's have it.
        let (place, left) = take(self.places.as_ref(), timeout).await?;
        Ok((sharing.start(&self.prepared, place), left))
    }
}

async fn take(
    places: Option<&Places>,
    timeout: Duration,
) -> Result<(Option<Place>, Duration), Failure> {
    match places {
        None => Ok((None, timeout)),
        Some(places) => {
            let (place, left) = places.take(timeout).await?;
            Ok((Some(place), left))
        }
    }
}

/// A place, if there is one now; `Some(None)` if none is needed.
fn try_take(places: Option<&Places>) -> Option<Option<Place>> {
    match places {
        None => Some(None),
        Some(places) => places.try_take().map(Some),
    }
}

impl Sharing {
    /// How many instances the tasks of a Tokio runtime have.
    fn count(&self, runtime: runtime::Id) -> usize {
        let shared = self.shared();
        shared.iter().filter(|of| of.runtime == runtime).count()
    }

    /// Starts an instance, with a first connection.
    fn start(&self, prepared: &Arc<Prepared>, place: Option<Place>) -> Arc<Instance> {
        let instance = Arc::new(Instance::new(prepared.clone(), place));
        self.shared().push(Shared {
            instance: instance.clone(),
            connections: 1,
            runtime: Handle::current().id(),
        });
        instance
    }

    /// Counts a connection more of the instance with the fewest, if there is one with room.
    fn join(&self, runtime: runtime::Id) -> Option<Arc<Instance>> {
        let mut shared = self.shared();
        let with_room = shared.iter_mut().filter(|of| {
            of.runtime == runtime && of.connections < self.connections && !of.instance.has_trapped()
        });
        let fewest = with_room.min_by_key(|of| of.connections)?;
        fewest.connections += 1;
        Some(fewest.instance.clone())
    }

    /// Counts a connection less. The instance ends with its last.
    fn leave(&self, instance: &Arc<Instance>) {
        let mut shared = self.shared();
        let index = shared
            .iter()
            .position(|of| Arc::ptr_eq(&of.instance, instance));
        if let Some(index) = index {
            shared[index].connections -= 1;
            if shared[index].connections == 0 {
                shared.swap_remove(index);
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Vec<Shared>> {
        // Nothing panics while holding the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenancy {
    /// The whole of an instance.
    pub(crate) fn of_one(instance: Arc<Instance>, access: Access) -> Self {
        Self {
            instance,
            access,
            sharing: None,
            _place: None,
        }
    }

    /// Enters the instance, to reach what is granted to this connection.
    pub(crate) async fn enter(&self) -> Result<Entered, TrapReport> {
        self.instance.enter(&self.access).await
    }

    /// Tells all who have a part in the instance that it trapped after this connection entered it.
    pub(crate) fn trap(&self, entered: &Entered, trap: wasmtime::Error) -> TrapReport {
        self.instance.trap(entered, trap)
    }

    /// Waits until the instance traps.
    pub(crate) async fn trapped(&self) -> TrapReport {
        self.instance.trapped().await
    }

    /// Whether others may have a part in it too.
    pub(crate) fn is_shared(&self) -> bool {
        self.sharing.is_some()
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        if let Some(sharing) = &self.sharing {
            sharing.leave(&self.instance);
        }
    }
}
