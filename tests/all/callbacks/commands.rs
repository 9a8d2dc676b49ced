//! What comes of `send`, `ping` and `close` of a handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use integration_tests::{Echo, Scripted, Stream, frame, run, runtime};
use tokio::sync::oneshot;
use wasocket::SendOptions;
use wasocket::callback::Websocket;

use super::{Told, accepting, close, play};

#[test]
fn a_handler_may_send_ping_and_close() {
    run(async {
        let told = Told::default();
        let mut websocket = told.websocket();
        let tell = told.clone();
        websocket.on_message(move |handle, message| {
            handle.send(message, SendOptions::new(), tell.telling("sent"));
            let (pongs, closes) = (tell.clone(), tell.clone());
            handle.ping("ping", SendOptions::new(), move |handle, pong| {
                pongs.tell(format!("pong: {}", pong.payload.escape_ascii()));
                handle.close("enough", 3000, move |_, closed| {
                    closes.tell(format!("closed: {} {}", closed.code, closed.reason));
                });
            });
        });
        let server = async |mut stream: Stream| {
            stream.send(&frame(0x81, b"Hello")).await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_frame(0x89, b"ping").await;
            stream.send(&frame(0x8a, b"ping")).await;
            stream.expect_close(3000, "enough").await;
        };
        play(websocket, server, |_| {}).await;
        assert_eq!(
            told.all(),
            [
                "open",
                r#"message: Text("Hello")"#,
                "sent",
                "pong: ping",
                // The callback first, because the handlers of `close` are last.
                "closed: 3000 enough",
                r#"close: 3000 "enough" true"#,
            ]
        );
    });
}

#[test]
fn the_callbacks_of_sends_are_called_in_the_order_of_the_calls() {
    run(async {
        const COUNT: usize = 1_000;

        let told = Told::default();
        let tell = told.clone();
        let server = async |mut stream: Stream| {
            for number in 0..COUNT {
                let text = number.to_string();
                stream.expect_frame(0x81, text.as_bytes()).await;
            }
            stream.expect_close(1000, "").await;
        };
        play(Websocket::new(runtime()), server, move |handle| {
            for number in 0..COUNT {
                let tell = tell.clone();
                handle.send(number.to_string(), SendOptions::new(), move |_| {
                    tell.tell(number.to_string());
                });
            }
            handle.close("", 1000, tell.closing("closed"));
        })
        .await;
        let numbers = (0..COUNT).map(|number| number.to_string());
        let all = numbers.chain(["closed".to_owned()]);
        assert_eq!(told.all(), Vec::from_iter(all));
    });
}

#[test]
fn the_callbacks_of_pings_are_called_in_order_with_their_pongs() {
    run(async {
        const COUNT: usize = 200;

        let told = Told::default();
        let tell = told.clone();
        let echo = Echo::start().await;
        let handle =
            Websocket::new(runtime()).connect(Some(&echo.url()), None, None, move |handle| {
                for number in 0..COUNT {
                    let tell = tell.clone();
                    let payload = number.to_string();
                    handle.ping(payload, SendOptions::new(), move |handle, pong| {
                        tell.tell(String::from_utf8(pong.payload).unwrap());
                        if number == COUNT - 1 {
                            handle.close("", 1000, |_, _| {});
                        }
                    });
                }
            });
        handle.closed().await;
        assert_eq!(handle.metrics().received.pongs, COUNT as u64);
        let numbers = (0..COUNT).map(|number| number.to_string());
        assert_eq!(told.all(), Vec::from_iter(numbers));
    });
}

#[test]
fn a_callback_is_called_before_the_events_of_what_came_after() {
    run(async {
        const COUNT: usize = 500;

        let told = Told::default();
        let echo = Echo::start().await;
        let mut websocket = Websocket::new(runtime());
        let tell = told.clone();
        let mut received = 0;
        websocket.on_message(move |handle, _| {
            tell.tell("message");
            received += 1;
            if received < COUNT {
                handle.send("again", SendOptions::new(), tell.telling("sent"));
            } else {
                handle.close("", 1000, |_, _| {});
            }
        });
        let sent = told.telling("sent");
        websocket
            .connect(Some(&echo.url()), None, None, |handle| {
                handle.send("first", SendOptions::new(), sent);
            })
            .closed()
            .await;
        assert_eq!(told.all(), ["sent", "message"].repeat(COUNT));
    });
}

#[test]
fn a_command_that_cannot_be_carried_out_is_told_to_error_and_the_connection_goes_on() {
    run(async {
        let told = Told::default();
        let never = |_: &_| unreachable!("it was not carried out");
        let server = async |mut stream: Stream| {
            stream.expect_frame(0x81, b"unharmed").await;
            stream.expect_close(1000, "").await;
        };
        let sent = told.telling("sent");
        play(told.websocket(), server, move |handle| {
            handle.ping([0; 126], SendOptions::new(), move |handle, _| never(handle));
            handle.close("", 999, move |handle, _| never(handle));
            handle.close("r".repeat(124), 1000, move |handle, _| never(handle));
            handle.send("unharmed", SendOptions::new(), sent);
            handle.close("", 1000, |_, _| {});
            handle.send("too late", SendOptions::new(), never);
        })
        .await;
        let mut all = told.all();
        // When all of it is handed over is up to the machine.
        all.retain(|one| one != "sent");
        assert_eq!(
            all,
            [
                "open",
                "error: invalid payload of a ping: a ping of 126 bytes is too long (at most 125)",
                "error: invalid close code: 999 is not a close code that may be sent (1000-1003, \
                 1007-1014 or 3000-4999)",
                "error: invalid close reason: a reason of 124 bytes is too long (at most 123)",
                "error: not possible while the connection is closing",
                r#"close: 1000 "" true"#,
            ]
        );
        assert_eq!(told.all().len(), all.len() + 1);
    });
}

#[test]
fn nothing_can_be_sent_before_open() {
    run(async {
        let told = Told::default();
        let (refuse, refused) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            // Else the connection could be open before anything is asked of it.
            refused.await.expect("an error was told");
            stream.accept().await;
            // The first frame that comes.
            stream.expect_frame(0x81, b"open").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut websocket = told.websocket();
        let mut refuse = Some(refuse);
        websocket.on_error(move |_, _| {
            let refuse = refuse.take().expect("one error");
            refuse.send(()).expect("a server that waits");
        });
        let handle = websocket.connect(Some(&peer.url()), None, None, |handle| {
            handle.send("open", SendOptions::new(), |_| {});
            handle.close("", 1000, |_, _| {});
        });
        handle.send("too early", SendOptions::new(), |_| {
            unreachable!("it was not open")
        });
        handle.closed().await;
        peer.finish().await;
        assert_eq!(
            told.all(),
            [
                "error: not possible while the connection is connecting",
                "open",
                r#"close: 1000 "" true"#,
            ]
        );
    });
}

#[test]
fn a_failure_is_told_once_whatever_was_under_way() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            for number in 0..100_u8 {
                stream.expect_frame(0x89, &[number]).await;
            }
            stream.reset();
        };
        play(told.websocket(), server, |handle| {
            for number in 0..100 {
                handle.ping([number], SendOptions::new(), |_, _| {
                    unreachable!("there was no pong")
                });
            }
        })
        .await;
        assert_eq!(
            told.all(),
            [
                "open",
                "error: connection: the connection was lost: connection reset",
                r#"close: 1006 "" false"#,
            ]
        );
    });
}

#[test]
fn what_is_under_way_when_a_server_closes_is_told_by_close_alone() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            stream.expect_frame(0x89, b"1").await;
            stream.expect_frame(0x89, b"2").await;
            close(stream, 1001, "").await;
        };
        play(told.websocket(), server, |handle| {
            for payload in ["1", "2"] {
                handle.ping(payload, SendOptions::new(), |_, _| {
                    unreachable!("there was no pong")
                });
            }
        })
        .await;
        assert_eq!(told.all(), ["open", r#"close: 1001 "" true"#]);
    });
}

#[test]
fn what_is_asked_after_close_is_not_heard() {
    run(async {
        let told = Told::default();
        let mut websocket = told.websocket();
        websocket.on_close(|handle, _| {
            handle.send("too late", SendOptions::new(), |_| {
                unreachable!("it is closed")
            });
            handle.close("", 1000, |_, _| unreachable!("it is closed"));
        });
        let peer = accepting(async |mut stream| stream.expect_close(1000, "").await).await;
        let handle = websocket.connect(Some(&peer.url()), None, None, |handle| {
            handle.close("", 1000, |_, _| {});
        });
        handle.closed().await;
        handle.send("too late", SendOptions::new(), |_| {
            unreachable!("it is closed")
        });
        handle.closed().await;
        peer.finish().await;
        assert_eq!(told.all(), ["open", r#"close: 1000 "" true"#]);
    });
}

#[test]
fn more_can_be_sent_than_there_is_room_for_while_messages_arrive() {
    run(async {
        // Together more than the buffers of TCP and of a connection hold, so that an echo server is
        // stuck unless its messages are taken while others wait to be sent.
        const COUNT: usize = 1_024;
        const LEN: usize = 64 << 10;

        let echo = Echo::start().await;
        let mut websocket = Websocket::new(runtime());
        let received = Arc::new(AtomicUsize::new(0));
        let count = received.clone();
        websocket.on_message(move |handle, message| {
            assert_eq!(message.len(), LEN);
            if count.fetch_add(1, Ordering::Relaxed) + 1 == COUNT {
                handle.close("", 1000, |_, _| {});
            }
        });
        websocket
            .connect(Some(&echo.url()), None, None, |handle| {
                for _ in 0..COUNT {
                    handle.send(vec![0; LEN], SendOptions::new(), |_| {});
                }
            })
            .closed()
            .await;
        assert_eq!(received.load(Ordering::Relaxed), COUNT);
    });
}

#[test]
fn a_connection_that_fails_while_much_waits_to_be_sent_tells_so_once() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            stream.expect_frame(0x82, &[0; 64 << 10]).await;
            stream.reset();
        };
        play(told.websocket(), server, |handle| {
            for _ in 0..1_024 {
                handle.send(vec![0; 64 << 10], SendOptions::new(), |_| {});
            }
        })
        .await;
        let all = told.all();
        let [open, error, close] = &all[..] else {
            panic!("{all:?}");
        };
        assert_eq!(open, "open");
        // What the system calls it differs between reading and writing.
        assert!(
            error.starts_with("error: connection: the connection was lost: "),
            "{error}"
        );
        assert_eq!(close, r#"close: 1006 "" false"#);
    });
}
