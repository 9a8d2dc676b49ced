//! Instances that several connections share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{
    Authority, Echo, Scripted, failure, run, run_on_one_thread, runtime_builder, scaled, stuck_at,
};
use tokio::sync::oneshot;
use wasocket::{
    Error, Failure, FailureKind, Grants, Options, Part, Pool, Runtime, Step, TrapCause, WebSocket,
    WhenExhausted,
};

use super::patched::{Fault, runtime_with};
use super::{MIB, assert_echoes, builder};

fn shared_by(connections: u32) -> Runtime {
    builder()
        .connections_per_instance(connections)
        .build()
        .unwrap()
}

/// A runtime whose guests have a fault when they are asked for a ping, of two connections each.
fn faulty(fault: Fault) -> Runtime {
    runtime_with("[method]websocket.ping", fault, |builder| {
        builder
            .connections_per_instance(2)
            .max_memory(64 * MIB)
            .max_compute_time(scaled(100))
    })
}

async fn connect_all(runtime: &Runtime, url: &str, count: usize) -> Vec<WebSocket> {
    let connects = (0..count).map(|_| runtime.connect(url));
    let websockets = join_all(connects).await;
    websockets.into_iter().map(Result::unwrap).collect()
}

/// Asserts that the connection fails because its instance trapped, and says which trap it was.
async fn assert_trapped(websocket: &mut WebSocket, cause: TrapCause) -> FailureKind {
    let failure = failure(websocket).await;
    assert_eq!(failure.step, Step::Open);
    let FailureKind::Trap(report) = &failure.kind else {
        panic!("{failure:?}");
    };
    assert_eq!(report.cause(), cause);
    failure.kind
}

#[test]
fn many_connections_of_one_instance_echo_at_once() {
    let runtime = shared_by(100);
    run(async {
        let authority = Authority::new();
        let secure = Echo::start_tls(&authority.issue()).await;
        let plain = Echo::start().await;
        let options = Options::new().roots(authority.pem());
        let connects = (0..50).map(|number| {
            let url = if number % 2 == 0 {
                plain.url()
            } else {
                secure.url()
            };
            let (runtime, options) = (&runtime, &options);
            async move { runtime.connect_with(&url, options).await.unwrap() }
        });
        let websockets = join_all(connects).await;
        let talks = websockets
            .into_iter()
            .zip(0..)
            .map(async |(mut websocket, talk)| {
                for number in 0..20 {
                    let message = format!("{number} of {talk}");
                    websocket.send(message.as_str()).await.unwrap();
                    assert_eq!(websocket.receive().await, Ok(Some(message.into())));
                }
                assert!(websocket.ping("").await.is_ok());
                let closed = websocket.close(1000, "").await.unwrap();
                assert!(closed.was_clean, "{closed:?}");
            });
        join_all(talks).await;
    });
}

#[test]
fn a_fault_ends_those_that_share_the_instance_and_no_other() {
    for (fault, cause) in [
        (Fault::Trap, TrapCause::Fault),
        (Fault::Grow, TrapCause::Memory),
        (Fault::Spin, TrapCause::ComputeTime),
    ] {
        let runtime = faulty(fault);
        // There it is known who shares with whom.
        run_on_one_thread(async {
            let echo = Echo::start().await;
            let url = echo.url();
            let mut first = runtime.connect(&url).await.unwrap();
            let mut second = runtime.connect(&url).await.unwrap();
            let mut other = runtime.connect(&url).await.unwrap();
            for websocket in [&mut first, &mut second, &mut other] {
                assert_echoes(websocket).await;
            }
            let pong = first.ping("").await;
            let of_first = assert_trapped(&mut first, cause).await;
            let of_second = assert_trapped(&mut second, cause).await;
            assert_eq!(of_first, of_second);
            assert!(matches!(pong, Err(Error::Failed(_))), "{pong:?}");
            assert_echoes(&mut other).await;
            // There is room beside it, and a new instance after that.
            for mut websocket in connect_all(&runtime, &url, 2).await {
                assert_echoes(&mut websocket).await;
            }
            assert_echoes(&mut other).await;
        });
    }
}

#[test]
fn there_is_an_instance_for_each_thread_before_two_connections_share_one() {
    let runtime = faulty(Fault::Trap);
    // On two threads.
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let mut first = runtime.connect(&url).await.unwrap();
        let mut second = runtime.connect(&url).await.unwrap();
        assert!(first.ping("").await.is_err());
        assert_trapped(&mut first, TrapCause::Fault).await;
        assert_echoes(&mut second).await;
    });
}

/// How many connections are opened one after another. What is left of one would be some 2 KiB.
const SUCCESSIVE: usize = 2_000;

#[test]
fn what_a_connection_had_is_free_for_the_next() {
    let runtime = builder()
        .connections_per_instance(100)
        .max_memory(3 * MIB)
        .build()
        .unwrap();
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        // The instance ends with its last connection.
        let mut first = runtime.connect(&url).await.unwrap();
        let with_bad_roots = Options::new().roots("no PEM");
        for number in 0..SUCCESSIVE {
            match number % 4 {
                0 => drop(runtime.connect(&url).now_or_never()),
                1 => {
                    let refused = runtime.connect_with(&url, &with_bad_roots).await;
                    let Err(Error::InvalidArgument { part, .. }) = refused else {
                        panic!("{refused:?}");
                    };
                    assert_eq!(part, Part::Roots);
                }
                2 => drop(runtime.connect(&url).await.unwrap()),
                _ => {
                    let mut websocket = runtime.connect(&url).await.unwrap();
                    assert_echoes(&mut websocket).await;
                    assert!(websocket.close(1000, "").await.unwrap().was_clean);
                }
            }
        }
        assert_echoes(&mut first).await;
    });
}

#[test]
fn a_server_that_does_not_read_holds_up_no_other() {
    let runtime = shared_by(2);
    run_on_one_thread(async {
        let (enough, told_enough) = oneshot::channel();
        let stalled = Scripted::start(async |mut stream| {
            stream.accept().await;
            told_enough.await.unwrap();
        })
        .await;
        let echo = Echo::start().await;
        let writer = runtime.connect(&stalled.url()).await.unwrap();
        let mut other = runtime.connect(&echo.url()).await.unwrap();
        let sent = AtomicUsize::new(0);
        let write = async {
            loop {
                writer.send(vec![7; MIB]).await.unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        let until_stuck = async {
            stuck_at(&sent).await;
            assert_echoes(&mut other).await;
        };
        tokio::select! {
            () = write => {}
            () = until_stuck => {}
        }
        drop(writer);
        assert_echoes(&mut other).await;
        enough.send(()).unwrap();
        stalled.finish().await;
    });
}

#[test]
fn grants_are_of_each_connection() {
    run_on_one_thread(async {
        let (here, there) = (Echo::start().await, Echo::start().await);
        let runtime = runtime_builder()
            .connections_per_instance(10)
            .build()
            .unwrap();
        let of = |echo: &Echo| Options::new().grants(Grants::new().host("localhost", echo.port()));
        let url = |echo: &Echo| format!("ws://localhost:{}/", echo.port());
        let connect =
            async |to: &Echo, granted: &Echo| runtime.connect_with(&url(to), &of(granted)).await;
        let mut first = connect(&here, &here).await.unwrap();
        let mut second = connect(&there, &there).await.unwrap();
        for (to, granted) in [(&here, &there), (&there, &here)] {
            let Err(Error::Failed(Failure { kind, .. })) = connect(to, granted).await else {
                panic!("it connected");
            };
            assert!(matches!(kind, FailureKind::NotGranted(_)), "{kind:?}");
        }
        // What a name resolved to is pinned for the connection that it was granted to.
        let address = format!("ws://127.0.0.1:{}/", here.port());
        let by_address = runtime.connect_with(&address, &of(&here)).await;
        let Err(Error::Failed(Failure { kind, .. })) = by_address else {
            panic!("{by_address:?}");
        };
        assert!(matches!(kind, FailureKind::NotGranted(_)), "{kind:?}");
        assert_echoes(&mut first).await;
        assert_echoes(&mut second).await;
    });
}

#[test]
fn a_pool_has_room_for_as_many_connections_as_its_instances_have() {
    let pool = Pool::new(2).when_exhausted(WhenExhausted::Fail);
    let runtime = builder().connections_per_instance(2).pool(pool).build();
    let runtime = runtime.unwrap();
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        for _ in 0..3 {
            let mut websockets = connect_all(&runtime, &url, 4).await;
            let one_more = runtime.connect(&url).await;
            let Err(Error::Failed(failure)) = one_more else {
                panic!("{one_more:?}");
            };
            assert_eq!(failure.kind, FailureKind::PoolExhausted { instances: 2 });
            assert_eq!(
                failure.to_string(),
                "component: all 2 instances of the pool are full, with 2 connections"
            );
            websockets[1].close(1000, "").await.unwrap();
            websockets[1] = runtime.connect(&url).await.unwrap();
            for websocket in &mut websockets {
                assert_echoes(websocket).await;
            }
            for websocket in &websockets {
                websocket.close(1000, "").await.unwrap();
            }
        }
    });
}

#[test]
fn who_waits_for_a_pool_has_the_first_room_in_any_instance() {
    let runtime = builder().connections_per_instance(2).pool(Pool::new(2));
    let runtime = runtime.build().unwrap();
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let websockets = connect_all(&runtime, &url, 4).await;
        for websocket in websockets {
            let mut waiting = Box::pin(runtime.connect(&url));
            assert!((&mut waiting).now_or_never().is_none());
            websocket.close(1000, "").await.unwrap();
            let mut next = waiting.await.unwrap();
            assert_echoes(&mut next).await;
            next.close(1000, "").await.unwrap();
        }
    });
}

#[test]
fn a_tokio_runtime_that_ends_takes_no_instance_of_another_with_it() {
    let runtime = shared_by(100);
    let tokio = || tokio::runtime::Runtime::new().unwrap();
    let (serving, ending, lasting) = (tokio(), tokio(), tokio());
    let echo = serving.block_on(Echo::start());
    let url = echo.url();
    let connect = async || connect_all(&runtime, &url, 10).await;
    let ended = ending.block_on(connect());
    let mut lasting_ones = lasting.block_on(connect());
    // In the middle of whatever they do.
    let talks = ended.iter().map(|websocket| websocket.sender());
    for sender in talks {
        ending.spawn(async move { while sender.send("Hello").await.is_ok() {} });
    }
    ending.shutdown_timeout(Duration::from_secs(60));
    lasting.block_on(async {
        for websocket in &mut lasting_ones {
            assert_echoes(websocket).await;
        }
        for mut websocket in connect().await {
            assert_echoes(&mut websocket).await;
        }
    });
    drop(ended);
}

#[test]
fn what_one_server_does_wrong_ends_its_connection_alone() {
    let runtime = shared_by(10);
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let mut other = runtime.connect(&echo.url()).await.unwrap();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // Masked, which a server must not.
            stream.send(b"\x81\x80\0\0\0\0").await;
            stream.drain().await;
        })
        .await;
        let mut websocket = runtime.connect(&peer.url()).await.unwrap();
        let failure = failure(&mut websocket).await;
        assert_eq!(failure.kind, FailureKind::ProtocolError);
        assert_echoes(&mut other).await;
        peer.finish().await;
    });
}
