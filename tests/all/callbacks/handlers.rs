//! Which handlers are called when, and where.

use std::sync::{Arc, Mutex, mpsc};

use integration_tests::{ClosedPort, Echo, Stream, frame, run, run_on_one_thread, runtime};
use tokio::task;
use wasocket::SendOptions;
use wasocket::callback::{Handle, Websocket};

use super::{Told, accepting, close, play};

#[test]
fn each_handler_is_told_of_its_event_in_order() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            stream.send(&frame(0x81, b"Hello")).await;
            stream.send(&frame(0x82, b"\xff\0")).await;
            // Both are answered without a word to the handlers.
            stream.send(&frame(0x89, b"ping")).await;
            stream.expect_frame(0x8a, b"ping").await;
            stream.send(&frame(0x8a, b"nobody asked")).await;
            stream.send(&frame(0x81, b"")).await;
            close(stream, 4001, "bye").await;
        };
        play(told.websocket(), server, told.telling("connected")).await;
        assert_eq!(
            told.all(),
            [
                "open",
                "connected",
                r#"message: Text("Hello")"#,
                "message: Binary([255, 0])",
                r#"message: Text("")"#,
                r#"close: 4001 "bye" true"#,
            ]
        );
    });
}

#[test]
fn handlers_of_one_event_are_called_in_the_order_in_which_they_were_set() {
    run(async {
        let told = Told::default();
        let mut websocket = Websocket::new(runtime());
        for name in ["1", "2", "3"] {
            let tell = told.clone();
            websocket.on_open(move |_| tell.tell(format!("open {name}")));
            let tell = told.clone();
            websocket.on_message(move |_, message| tell.tell(format!("{message:?} {name}")));
            let tell = told.clone();
            websocket.on_close(move |_, closed| tell.tell(format!("{} {name}", closed.code)));
        }
        let server = async |mut stream: Stream| {
            stream.send(&frame(0x81, b"a")).await;
            close(stream, 1000, "").await;
        };
        play(websocket, server, told.telling("connected")).await;
        assert_eq!(
            told.all(),
            [
                "open 1",
                "open 2",
                "open 3",
                "connected",
                r#"Text("a") 1"#,
                r#"Text("a") 2"#,
                r#"Text("a") 3"#,
                "1000 1",
                "1000 2",
                "1000 3",
            ]
        );
    });
}

#[test]
fn a_connection_that_cannot_be_opened_tells_error_and_then_close() {
    run(async {
        let told = Told::default();
        let port = ClosedPort::take();
        let url = format!("ws://{}", port.address());
        told.websocket()
            .connect(Some(&url), None, None, told.telling("connected"))
            .closed()
            .await;
        assert_eq!(
            told.all(),
            [
                format!(
                    "error: TCP connection: {}: connection refused",
                    port.address()
                ),
                r#"close: 1006 "" false"#.to_owned(),
            ]
        );
    });
}

#[test]
fn a_connection_that_fails_tells_what_came_before_then_error_and_then_close() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            stream.send(&frame(0x81, b"before")).await;
            // Reserved bits (RFC 6455, section 5.2).
            stream.send(b"\xc1\x00").await;
            stream.drain().await;
        };
        play(told.websocket(), server, |_| {}).await;
        let all = told.all();
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!(all[..2], ["open", r#"message: Text("before")"#]);
        assert!(all[2].starts_with("error: connection: "), "{all:?}");
        assert_eq!(all[3], r#"close: 1006 "" false"#);
    });
}

#[test]
fn handlers_and_callbacks_run_on_one_task_which_is_not_the_callers() {
    let tasks = |run: fn(_)| {
        let (tell, told) = mpsc::channel();
        run(task_ids(tell));
        told.into_iter().collect::<Vec<task::Id>>()
    };
    for ids in [
        tasks(|test| run(test)),
        tasks(|test| run_on_one_thread(test)),
    ] {
        let [caller, handlers @ ..] = &ids[..] else {
            panic!("nobody told");
        };
        assert_eq!(handlers.len(), 6);
        assert!(handlers.iter().all(|id| *id == handlers[0]), "{ids:?}");
        assert_ne!(*caller, handlers[0]);
    }
}

/// Tells the id of the task of each call, that of the caller first.
async fn task_ids(tell: mpsc::Sender<task::Id>) {
    let echo = Echo::start().await;
    let caller = async move {
        tell.send(task::id()).unwrap();
        let telling = || {
            let tell = tell.clone();
            move || tell.send(task::id()).unwrap()
        };
        let mut websocket = Websocket::new(runtime());
        let (open, message, close) = (telling(), telling(), telling());
        let (sent, ponged, closed) = (telling(), telling(), telling());
        websocket.on_open(move |_| open());
        websocket.on_message(move |handle, _| {
            message();
            let ponged = ponged.clone();
            let closed = closed.clone();
            handle.ping("", SendOptions::new(), move |handle, _| {
                ponged();
                handle.close("", 1000, move |_, _| closed());
            });
        });
        websocket.on_close(move |_, _| close());
        let url = echo.url();
        websocket
            .connect(Some(&url), None, None, |handle| {
                handle.send("Hello", SendOptions::new(), move |_| sent());
            })
            .closed()
            .await;
    };
    tokio::spawn(caller).await.unwrap();
}

#[test]
fn a_panic_in_a_handler_ends_its_connection_and_no_other() {
    run(async {
        let echo = Echo::start().await;
        let mut other = runtime().connect(&echo.url()).await.unwrap();

        let told = Told::default();
        let peer = accepting(async |mut stream| {
            stream.send(&frame(0x81, b"panic")).await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let mut websocket = told.websocket();
        websocket.on_message(|_, _| panic!("a handler of a test that is to panic"));
        websocket.on_message(|_, _| unreachable!("one before it panicked"));
        websocket
            .connect(Some(&peer.url()), None, None, |_| {})
            .closed()
            .await;
        peer.finish().await;
        assert_eq!(told.all(), ["open", r#"message: Text("panic")"#]);

        other.send("Hello").await.unwrap();
        assert_eq!(other.receive().await, Ok(Some("Hello".into())));
    });
}

#[test]
fn a_panic_in_a_callback_ends_its_connection() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_close(1001, "").await;
        };
        play(told.websocket(), server, |handle| {
            handle.send("Hello", SendOptions::new(), |_| {
                panic!("a callback of a test that is to panic")
            });
        })
        .await;
        assert_eq!(told.all(), ["open"]);
    });
}

#[test]
fn a_connection_lives_on_without_its_handle() {
    run(async {
        let told = Told::default();
        let (closed, is_closed) = tokio::sync::oneshot::channel();
        let peer = accepting(async |mut stream| {
            stream.send(&frame(0x81, b"still there?")).await;
            stream.expect_frame(0x81, b"yes").await;
            close(stream, 1000, "").await;
        })
        .await;
        let mut websocket = told.websocket();
        websocket.on_message(|handle, _| handle.send("yes", SendOptions::new(), |_| {}));
        let mut closed = Some(closed);
        websocket.on_close(move |_, _| closed.take().unwrap().send(()).unwrap());
        drop(websocket.connect(Some(&peer.url()), None, None, |_| {}));
        is_closed.await.unwrap();
        peer.finish().await;
        assert_eq!(
            told.all(),
            [
                "open",
                r#"message: Text("still there?")"#,
                r#"close: 1000 "" true"#,
            ]
        );
    });
}

#[test]
fn a_connection_needs_no_handlers() {
    run(async {
        let server = async |mut stream: Stream| {
            stream.send(&frame(0x81, b"Hello")).await;
            stream.reset();
        };
        play(Websocket::new(runtime()), server, |_| {}).await;
    });
}

#[test]
fn every_handler_may_call_the_connection_and_drop_its_last_handle() {
    run(async {
        let told = Told::default();
        let peer = accepting(async |mut stream| {
            stream.expect_frame(0x81, b"from open").await;
            stream.send(&frame(0x81, b"Hello")).await;
            stream.expect_frame(0x81, b"from message").await;
            // Reserved bits (RFC 6455, section 5.2).
            stream.send(b"\xc1\x00").await;
            stream.drain().await;
        })
        .await;
        let (closed, is_closed) = tokio::sync::oneshot::channel();
        let last = Arc::new(Mutex::new(None::<Handle>));
        let mut websocket = told.websocket();
        websocket.on_open(|handle| handle.send("from open", SendOptions::new(), |_| {}));
        let dropped = last.clone();
        websocket.on_message(move |handle, _| {
            handle.send("from message", SendOptions::new(), |_| {});
            drop(dropped.lock().unwrap().take());
        });
        let never = || unreachable!("the connection has ended");
        let mut is_first = true;
        websocket.on_error(move |handle, _| {
            // What it asks for may fail while the connection is closing, which is told here too.
            if std::mem::take(&mut is_first) {
                handle.send("from error", SendOptions::new(), move |_| never());
                handle.ping("from error", SendOptions::new(), move |_, _| never());
            }
        });
        let mut closed = Some(closed);
        websocket.on_close(move |handle, _| {
            handle.send("from close", SendOptions::new(), move |_| never());
            handle.ping("from close", SendOptions::new(), move |_, _| never());
            handle.close("from close", 1000, move |_, _| never());
            closed.take().unwrap().send(()).unwrap();
        });
        {
            // Before the handler of messages can look for it.
            let mut last = last.lock().unwrap();
            *last = Some(websocket.connect(Some(&peer.url()), None, None, |_| {}));
        }
        is_closed.await.unwrap();
        peer.finish().await;
        assert!(last.lock().unwrap().is_none());
        let mut all = told.all();
        all.retain(|one| one != "error: not possible while the connection is closing");
        assert_eq!(all[..2], ["open", r#"message: Text("Hello")"#]);
        assert!(all[2].starts_with("error: connection: "), "{all:?}");
        assert_eq!(all[3], r#"close: 1006 "" false"#);
        assert_eq!(all.len(), 4, "{all:?}");
    });
}
