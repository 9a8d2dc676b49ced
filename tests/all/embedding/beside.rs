//! Faults that are provoked in one connection, and what they do to it and to another of the same
//! runtime: to that one, nothing.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use integration_tests::{Echo, Scripted, failure, run, run_on_one_thread, runtime, scaled};
use wasocket::{
    Error, Failure, FailureKind, Options, Runtime, Step, Timeout, TrapCause, WebSocket,
};

use super::patched::{Fault, runtime_with};
use super::{MIB, assert_echoes};

/// How long guests may compute here, of which many calls of the others take a small part.
const COMPUTE: Duration = Duration::from_secs(1);

/// Provokes a fault on one of Tokio's threads, and on two, while another connection of the runtime
/// echoes without a pause; asserts that nothing happens to that one.
fn beside_another(runtime: &Runtime, fault: impl AsyncFn(String)) {
    run_on_one_thread(beside(runtime, &fault));
    run(beside(runtime, &fault));

    async fn beside(runtime: &Runtime, fault: impl AsyncFn(String)) {
        let echo = Echo::start().await;
        let mut other = runtime.connect(&echo.url()).await.unwrap();
        let echoed = AtomicUsize::new(0);
        tokio::select! {
            never = echo_for_ever(&mut other, &echoed) => match never {},
            () = fault(echo.url()) => {}
        }
        other.send("the last").await.unwrap();
        // After what was on its way.
        while other.receive().await.unwrap() != Some("the last".into()) {}
        let closed = other.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1000, true));
    }
}

/// Asserts that what is sent comes back, over and over, and counts it.
async fn echo_for_ever(websocket: &mut WebSocket, echoed: &AtomicUsize) -> Infallible {
    loop {
        assert_echoes(websocket).await;
        echoed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asserts that a call failed, and its connection with it, since the component trapped.
async fn assert_trapped<T: std::fmt::Debug>(
    result: Result<T, Error>,
    websocket: &mut WebSocket,
    cause: TrapCause,
) -> Failure {
    let failure = failure(websocket).await;
    assert_eq!(failure.step, Step::Open);
    assert_cause(&failure, cause);
    assert_eq!(result.unwrap_err(), Error::Failed(failure.clone()));
    failure
}

#[track_caller]
fn assert_cause(failure: &Failure, cause: TrapCause) {
    let FailureKind::Trap(report) = &failure.kind else {
        panic!("{failure:?}");
    };
    assert_eq!(report.cause(), cause, "{failure}");
    assert!(failure.message.ends_with(&report.to_string()), "{failure}");
}

/// A runtime whose guests spin when they are asked for a ping.
fn spinning() -> &'static Runtime {
    static SPINNING: LazyLock<Runtime> = LazyLock::new(|| {
        runtime_with("[method]websocket.ping", Fault::Spin, |builder| {
            builder.max_compute_time(COMPUTE)
        })
    });
    &SPINNING
}

#[test]
fn a_guest_that_spins_is_interrupted() {
    beside_another(spinning(), async |url| {
        let mut websocket = spinning().connect(&url).await.unwrap();
        assert_echoes(&mut websocket).await;
        let pong = websocket.ping("").await;
        let failure = assert_trapped(pong, &mut websocket, TrapCause::ComputeTime).await;
        let said = "it computed for 1s without giving back control";
        assert!(failure.message.contains(said), "{failure}");
    });
}

#[test]
fn a_guest_that_spins_before_it_connects_is_interrupted() {
    for function in ["[constructor]connect-options", "[static]websocket.connect"] {
        let runtime = runtime_with(function, Fault::Spin, |builder| {
            builder.max_compute_time(Duration::ZERO)
        });
        run_on_one_thread(async {
            let Err(Error::Failed(failure)) = runtime.connect("ws://localhost/").await else {
                panic!("it connected");
            };
            assert_eq!(failure.step, Step::Start);
            assert_cause(&failure, TrapCause::ComputeTime);
        });
    }
}

#[test]
fn guests_that_spin_at_once_are_all_interrupted() {
    beside_another(spinning(), async |url| {
        let spin = async || {
            let mut websocket = spinning().connect(&url).await.unwrap();
            let pong = websocket.ping("").await;
            assert_trapped(pong, &mut websocket, TrapCause::ComputeTime).await;
        };
        tokio::join!(spin(), spin(), spin());
    });
}

#[test]
fn others_have_their_turn_while_a_guest_spins() {
    // All of them on one thread, the server too.
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let mut other = spinning().connect(&echo.url()).await.unwrap();
        let mut spinner = spinning().connect(&echo.url()).await.unwrap();
        let echoed = AtomicUsize::new(0);
        tokio::select! {
            never = echo_for_ever(&mut other, &echoed) => match never {},
            pong = spinner.ping("") => {
                assert_trapped(pong, &mut spinner, TrapCause::ComputeTime).await;
            }
        }
        assert!(echoed.load(Ordering::Relaxed) > 0);
    });
}

#[test]
fn a_guest_that_spins_when_its_connection_is_dropped_is_interrupted() {
    run_on_one_thread(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // The guest says nothing any more; the stream ends with its instance.
            stream.expect_eof().await;
        })
        .await;
        let websocket = spinning().connect(&peer.url()).await.unwrap();
        assert!(websocket.ping("").now_or_never().is_none());
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn a_trap_touches_no_other() {
    let runtime = runtime_with("[method]websocket.ping", Fault::Trap, |builder| builder);
    beside_another(&runtime, async |url| {
        let mut websocket = runtime.connect(&url).await.unwrap();
        assert_echoes(&mut websocket).await;
        let pong = websocket.ping("").await;
        assert_trapped(pong, &mut websocket, TrapCause::Fault).await;
    });
}

#[test]
fn a_guest_that_takes_all_its_memory_touches_no_other() {
    let runtime = runtime_with("[method]websocket.ping", Fault::Grow, |builder| {
        builder.max_memory(64 * MIB)
    });
    beside_another(&runtime, async |url| {
        let mut websocket = runtime.connect(&url).await.unwrap();
        assert_echoes(&mut websocket).await;
        let pong = websocket.ping("").await;
        assert_trapped(pong, &mut websocket, TrapCause::Memory).await;
    });
}

#[test]
fn a_peer_that_answers_nothing_touches_no_other() {
    beside_another(runtime(), async |_| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let options = Options::new().pong_timeout(scaled(300));
        let connected = runtime().connect_with(&peer.url(), &options).await;
        let mut websocket = connected.unwrap();
        let pong = websocket.ping("").await;
        let failure = failure(&mut websocket).await;
        assert_eq!(failure.kind, FailureKind::Timeout(Timeout::Pong));
        assert_eq!(pong, Err(Error::Failed(failure)));
        peer.finish().await;
    });
}
