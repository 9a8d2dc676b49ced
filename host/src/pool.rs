//! Instances for which room is set aside, and who gets a place when there is none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use wasmtime::PoolingAllocationConfig;

use crate::error::{Failure, FailureKind, Step};
use crate::line::in_line;

/// How many tables the component has: that of its code, and that through which its modules call
/// each other.
const TABLES: u32 = 2;

/// How many core instances the component has: that of its code, and those that wire it to its
/// imports.
const CORE_INSTANCES: u32 = 8;

/// How much memory an instance of a pool may have on a 32-bit system, in bytes: as much as the engine
/// sets aside there for each.
const MAX_MEMORY_32: usize = 10 << 20;

/// Room for instances that is set aside when the runtime is made, for
/// [`RuntimeBuilder::pool`](crate::RuntimeBuilder::pool).
///
/// Address space is set aside, and no memory: about 4 GiB for each instance on a 64-bit system, of
/// which Linux gives a process 128 TiB on most machines, and 256 GiB on some small ones. On a 32-bit
/// system it is 10 MiB for each, which is also what an instance of a pool may have as memory there.
///
/// With a pool or without, an instance takes six mappings of memory. Linux lets a process have
/// 65,530, which is some 10,900 instances, unless `vm.max_map_count` is set higher; and each
/// connection is an open file, of which it may have 1,024 unless its limit is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Pool {
    instances: u32,
    when_exhausted: WhenExhausted,
}

/// What becomes of a connection for which the pool has no instance left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenExhausted {
    /// It waits for one, in the order in which connections were asked for. The time that it waits
    /// is part of its [`Options::connect_timeout`](crate::Options::connect_timeout), after which it
    /// fails with [`FailureKind::PoolExhausted`].
    #[default]
    Wait,
    /// It fails at once with [`FailureKind::PoolExhausted`].
    Fail,
}

impl Pool {
    /// A pool of so many instances, which is as many connections at a time, unless
    /// [several share one](crate::RuntimeBuilder::connections_per_instance). A connection that is
    /// dropped has its instance until its closing handshake is done. When there is none left,
    /// connecting waits.
    pub fn new(instances: u32) -> Self {
        Self {
            instances,
            when_exhausted: WhenExhausted::default(),
        }
    }

    /// Sets what becomes of connections for which there is no instance left. Default:
    /// [`WhenExhausted::Wait`].
    pub fn when_exhausted(mut self, when_exhausted: WhenExhausted) -> Self {
        self.when_exhausted = when_exhausted;
        self
    }

    pub(crate) fn instances(self) -> u32 {
        self.instances
    }

    /// How much memory an instance may have that may have `bytes`.
    pub(crate) fn max_memory(bytes: usize) -> usize {
        if cfg!(target_pointer_width = "32") {
            bytes.min(MAX_MEMORY_32)
        } else {
            bytes
        }
    }

    /// The engine's part of it.
    pub(crate) fn config(self) -> PoolingAllocationConfig {
        let mut config = PoolingAllocationConfig::new();
        config
            .total_component_instances(self.instances)
            .total_core_instances(self.instances.saturating_mul(CORE_INSTANCES))
            .max_core_instances_per_component(CORE_INSTANCES)
            .total_memories(self.instances)
            .max_memories_per_component(1)
            .total_tables(self.instances.saturating_mul(TABLES))
            .max_tables_per_component(TABLES)
            .total_stacks(self.instances)
            // What has been given back is not kept in memory.
            .max_unused_warm_slots(0);
        config
    }
}

/// The places of a pool, which are given out in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct Places {
    pool: Pool,
    /// What there is a place for: a connection, if several share an instance.
    kind: Kind,
    free: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Instance,
    /// Of so many in an instance.
    Connection(u32),
}

/// A place in a pool, given back when it is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    pub(crate) fn new(pool: Pool) -> Self {
        Self::of(pool, Kind::Instance, u64::from(pool.instances))
    }

    /// Places for so many connections in each instance.
    pub(crate) fn of_connections(pool: Pool, connections: u32) -> Self {
        let places = u64::from(pool.instances) * u64::from(connections);
        Self::of(pool, Kind::Connection(connections), places)
    }

    fn of(pool: Pool, kind: Kind, places: u64) -> Self {
        // A semaphore has 29 bits at least.
        let places = usize::try_from(places).map_or(Semaphore::MAX_PERMITS, |places| {
            places.min(Semaphore::MAX_PERMITS)
        });
        Self {
            pool,
            kind,
            free: Arc::new(Semaphore::new(places)),
        }
    }

    /// Takes a place, if there is one now and nobody waits for it.
    pub(crate) fn try_take(&self) -> Option<Place> {
        self.free.clone().try_acquire_owned().ok()
    }

    /// Takes a place, and says how much of `timeout` is left; all of it if there was no waiting.
    ///
    /// Cancel safe: whoever is dropped gives up its turn, and no place is lost.
    pub(crate) async fn take(&self, timeout: Duration) -> Result<(Place, Duration), Failure> {
        if let Some(place) = self.try_take() {
            return Ok((place, timeout));
        }
        let instances = self.pool.instances;
        let all = match instances {
            1 => "the only instance of the pool is".to_owned(),
            _ => format!("all {instances} instances of the pool are"),
        };
        let in_use = match self.kind {
            Kind::Instance => format!("{all} in use"),
            Kind::Connection(connections) => format!("{all} full, with {connections} connections"),
        };
        if self.pool.when_exhausted == WhenExhausted::Fail {
            return Err(exhausted(instances, in_use));
        }
        let start = Instant::now();
        let free = in_line(self.free.clone().acquire_owned());
        let place = match start.checked_add(timeout) {
            Some(deadline) => timeout_at(deadline, free).await.ok(),
            // Later than can be told: there is no end to the waiting.
            None => Some(free.await),
        };
        let left = timeout.saturating_sub(start.elapsed());
        match place {
            // The semaphore is never closed.
            Some(Ok(place)) if !left.is_zero() => Ok((place, left)),
            _ => Err(exhausted(
                instances,
                format!("{in_use}, and none came free in {timeout:?}"),
            )),
        }
    }
}

fn exhausted(instances: u32, message: String) -> Failure {
    Failure {
        step: Step::Start,
        kind: FailureKind::PoolExhausted { instances },
        message,
    }
}
