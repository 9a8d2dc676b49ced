//! The instance that is started before a connection asks for it.

use integration_tests::{Echo, run_on_one_thread};
use tokio::runtime::Handle;
use wasocket::{Pool, Runtime, WebSocket};

use super::logs::Said;
use super::{assert_echoes, builder};

/// What is said when one is.
const STARTED: &str = "instance started";

/// A runtime's connections, and how many instances were started since it was made.
struct Lab {
    runtime: Runtime,
    echo: Echo,
    said: Said,
    started_before: usize,
    /// How many tasks there are without connections.
    idle_tasks: usize,
}

impl Lab {
    async fn new(runtime: Runtime, said: &Said) -> Self {
        Self {
            runtime,
            echo: Echo::start().await,
            said: said.clone(),
            started_before: said.with(STARTED).len(),
            idle_tasks: tasks(),
        }
    }

    async fn connect(&self) -> WebSocket {
        let connected = self.runtime.connect(&self.echo.url()).await;
        let mut websocket = connected.unwrap();
        assert_echoes(&mut websocket).await;
        websocket
    }

    fn started(&self) -> usize {
        self.said.with(STARTED).len() - self.started_before
    }

    /// Waits until no connection has anything left to do.
    async fn rest(&self) {
        while tasks() > self.idle_tasks {
            tokio::task::yield_now().await;
        }
    }
}

/// How many tasks of Tokio's there are.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// A runtime for one connection at a time.
fn pool() -> Runtime {
    builder().pool(Pool::new(1)).build().unwrap()
}

/// Runs a test with connections of this runtime.
fn run(runtime: Runtime, test: impl AsyncFnOnce(Lab)) {
    let said = Said::default();
    let _default = tracing::subscriber::set_default(said.clone());
    run_on_one_thread(async {
        // Who says something for the first time in another test's thread is taken to have no listener,
        // until all who ever said something are asked again.
        let lab = Lab::new(pool(), &said).await;
        lab.connect().await.close(1000, "").await.unwrap();
        lab.rest().await;
        tracing::callsite::rebuild_interest_cache();
        test(Lab::new(runtime, &said).await).await;
    });
}

#[test]
fn the_instance_of_the_next_connection_is_started_when_one_has_ended() {
    run(builder().build().unwrap(), async |lab| {
        let first = lab.connect().await;
        assert_eq!(lab.started(), 1);
        first.close(1000, "").await.unwrap();
        lab.rest().await;
        assert_eq!(lab.started(), 2);
        let second = lab.connect().await;
        assert_eq!(lab.started(), 2);
        // It was for one.
        let third = lab.connect().await;
        assert_eq!(lab.started(), 3);
        // There is one at most.
        for websocket in [second, third] {
            websocket.close(1000, "").await.unwrap();
        }
        lab.rest().await;
        assert_eq!(lab.started(), 4);
        let _fourth = lab.connect().await;
        let _fifth = lab.connect().await;
        assert_eq!(lab.started(), 5);
    });
}

#[test]
fn instances_of_a_pool_are_those_of_connections() {
    run(pool(), async |lab| {
        for count in 1..4 {
            let websocket = lab.connect().await;
            assert_eq!(lab.started(), count);
            websocket.close(1000, "").await.unwrap();
        }
    });
}
