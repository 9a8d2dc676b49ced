//! Instances for which room is set aside.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{Echo, Scripted, run, run_on_one_thread, scaled};
use wasocket::{
    Error, Failure, FailureKind, Options, Part, Pool, Runtime, RuntimeError, Step, WebSocket,
    WhenExhausted,
};

use super::patched::{Fault, runtime_with};
use super::{assert_echoes, builder};

fn runtime_of(pool: Pool) -> Runtime {
    builder().pool(pool).build().unwrap()
}

/// Asserts that connecting failed, since each of so many instances was in use.
#[track_caller]
fn assert_exhausted(connected: Result<WebSocket, Error>, instances: u32, text: &str) {
    let Err(Error::Failed(failure)) = connected else {
        panic!("{connected:?}");
    };
    let Failure { step, kind, .. } = &failure;
    assert_eq!(*step, Step::Start);
    assert_eq!(*kind, FailureKind::PoolExhausted { instances });
    assert_eq!(failure.to_string(), text);
}

/// Asserts that nothing is in use of a pool of so many instances, once what was dropped is at its
/// end: as many connect at the same time, and one more does not.
async fn assert_all_free(runtime: &Runtime, url: &str, instances: u32) {
    let connects = (0..instances).map(|_| runtime.connect(url));
    let mut websockets = join_all(connects).await;
    for websocket in &mut websockets {
        assert_echoes(websocket.as_mut().unwrap()).await;
    }
    let options = Options::new().connect_timeout(Duration::from_millis(1));
    let one_more = runtime.connect_with(url, &options).await.unwrap_err();
    let Error::Failed(failure) = one_more else {
        panic!("{one_more:?}");
    };
    assert_eq!(failure.kind, FailureKind::PoolExhausted { instances });
}

#[test]
fn instances_are_used_again_and_again() {
    let runtime = runtime_of(Pool::new(2).when_exhausted(WhenExhausted::Fail));
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        for _ in 0..10 {
            let both = join_all([runtime.connect(&url), runtime.connect(&url)]).await;
            for websocket in both {
                let mut websocket = websocket.unwrap();
                assert_echoes(&mut websocket).await;
                assert!(websocket.close(1000, "").await.unwrap().was_clean);
            }
        }
    });
}

#[test]
fn an_exhausted_pool_fails_at_once_if_it_is_to() {
    let runtime = runtime_of(Pool::new(2).when_exhausted(WhenExhausted::Fail));
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let first = runtime.connect(&url).await.unwrap();
        let mut second = runtime.connect(&url).await.unwrap();
        let text = "component: all 2 instances of the pool are in use";
        assert_exhausted(runtime.connect(&url).await, 2, text);
        assert_echoes(&mut second).await;
        // Whoever knows that a connection is closed can have its instance.
        first.close(1000, "").await.unwrap();
        let mut third = runtime.connect(&url).await.unwrap();
        assert_exhausted(runtime.connect(&url).await, 2, text);
        second.close(1000, "").await.unwrap();
        assert_echoes(&mut third).await;
        assert_echoes(&mut runtime.connect(&url).await.unwrap()).await;
    });
}

#[test]
fn an_exhausted_pool_waits_as_long_as_connecting_may_take() {
    let runtime = runtime_of(Pool::new(1));
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let mut only = runtime.connect(&url).await.unwrap();
        let options = Options::new().connect_timeout(Duration::from_millis(50));
        assert_exhausted(
            runtime.connect_with(&url, &options).await,
            1,
            "component: the only instance of the pool is in use, and none came free in 50ms",
        );
        assert_echoes(&mut only).await;
    });
}

#[test]
fn what_is_left_of_the_time_is_for_connecting() {
    let runtime = runtime_of(Pool::new(1));
    run(async {
        let echo = Echo::start().await;
        let only = runtime.connect(&echo.url()).await.unwrap();
        let silent = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.drain().await;
        })
        .await;
        let url = silent.url();
        let timeout = scaled(2000);
        let options = Options::new().connect_timeout(timeout);
        let start = tokio::time::Instant::now();
        let waiting = runtime.connect_with(&url, &options);
        let close = async {
            // Half of it is gone before there is an instance.
            integration_tests::pass(timeout / 2).await;
            only.close(1000, "").await.unwrap();
        };
        let (connected, ()) = tokio::join!(waiting, close);
        let Err(Error::Failed(failure)) = connected else {
            panic!("{connected:?}");
        };
        assert_eq!(failure.step, Step::Handshake);
        assert!(start.elapsed() < timeout * 5 / 4, "{:?}", start.elapsed());
        silent.finish().await;
    });
}

#[test]
fn those_who_wait_for_an_instance_have_it_in_their_order() {
    let runtime = runtime_of(Pool::new(1));
    // The order in which they are polled is that in which they ask.
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let only = runtime.connect(&url).await.unwrap();
        let order = std::sync::Mutex::new(Vec::new());
        let one_by_one = (0..5).map(async |number| {
            let mut websocket = runtime.connect(&url).await.unwrap();
            order.lock().unwrap().push(number);
            assert_echoes(&mut websocket).await;
            websocket.close(1000, "").await.unwrap();
        });
        let close = async { drop(only.close(1000, "").await.unwrap()) };
        tokio::join!(join_all(one_by_one), close);
        assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn who_gives_up_waiting_is_passed_over() {
    let runtime = runtime_of(Pool::new(1));
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let only = runtime.connect(&url).await.unwrap();
        let mut first = Box::pin(runtime.connect(&url));
        assert!(first.as_mut().now_or_never().is_none());
        let mut second = Box::pin(runtime.connect(&url));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        only.close(1000, "").await.unwrap();
        assert_echoes(&mut second.await.unwrap()).await;
    });
}

#[test]
fn every_instance_comes_back_whenever_a_connection_ends() {
    const INSTANCES: u32 = 3;
    let runtime = runtime_of(Pool::new(INSTANCES));
    // What is polled once is given, and cannot be carried out before it is dropped.
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let with_bad_roots = Options::new().roots("no PEM");
        for _ in 0..INSTANCES {
            // Before anything was done, and while it connects.
            drop(runtime.connect(&url));
            drop(runtime.connect(&url).now_or_never());
            // While it waits for the server.
            give_up_after_request(&runtime).await;
            // Before it connects.
            let refused = runtime.connect_with(&url, &with_bad_roots).await;
            let Err(Error::InvalidArgument { part, .. }) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(part, Part::Roots);
            // While it is open, with nothing under way, a message, a ping, and a closing handshake.
            drop(runtime.connect(&url).await.unwrap());
            let websocket = runtime.connect(&url).await.unwrap();
            assert!(websocket.send("Hello").now_or_never().is_none());
            assert!(websocket.ping("Hello").now_or_never().is_none());
            drop(websocket);
            let websocket = runtime.connect(&url).await.unwrap();
            assert!(websocket.close(1000, "").now_or_never().is_none());
            drop(websocket);
        }
        assert_all_free(&runtime, &url, INSTANCES).await;
    });

    async fn give_up_after_request(runtime: &Runtime) {
        let (request, requested) = tokio::sync::oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            request.send(()).unwrap();
            stream.expect_eof().await;
        })
        .await;
        let url = peer.url();
        tokio::select! {
            connected = runtime.connect(&url) => panic!("{connected:?}"),
            requested = requested => requested.unwrap(),
        }
        peer.finish().await;
    }
}

#[test]
fn every_instance_comes_back_after_a_trap() {
    const INSTANCES: u32 = 2;
    for fault in [Fault::Trap, Fault::Spin, Fault::Grow] {
        let runtime = runtime_with("[method]websocket.ping", fault, |builder| {
            builder
                .pool(Pool::new(INSTANCES))
                .max_memory(64 << 20)
                .max_compute_time(Duration::from_millis(200))
        });
        run(async {
            let echo = Echo::start().await;
            let url = echo.url();
            for _ in 0..=INSTANCES {
                let websocket = runtime.connect(&url).await.unwrap();
                websocket.ping("").await.unwrap_err();
            }
            assert_all_free(&runtime, &url, INSTANCES).await;
        });
    }
}

#[test]
fn an_instance_starts_without_what_another_left_in_its_place() {
    let runtime = runtime_of(Pool::new(1));
    run(async {
        let echo = Echo::start().await;
        let options = Options::new().header("Cookie", "only once");
        let first = runtime.connect_with(&echo.url(), &options).await.unwrap();
        first.send(vec![7; 1 << 20]).await.unwrap();
        first.close(1000, "").await.unwrap();
        let peer = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert_eq!(request.values("Cookie"), [""; 0]);
            stream.expect_close(1000, "").await;
        })
        .await;
        let second = runtime.connect(&peer.url()).await.unwrap();
        second.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_pool_for_which_there_is_no_room_is_refused_with_its_size() {
    for instances in [0, u32::MAX] {
        let error = builder().pool(Pool::new(instances)).build().unwrap_err();
        let RuntimeError::Pool {
            instances: named, ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(*named, instances);
        assert_eq!(
            error.to_string(),
            format!("there is no room for a pool of {instances} instances")
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}
