//! The examples in the documentation of the seed's API, line by line.

use integration_tests::{Authority, Scripted, Stream, frame, run};
use wasocket::{Options, SendOptions};

use super::{Told, play};

#[test]
fn the_example_of_connect() {
    run(async {
        let authority = Authority::new();
        let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            let head = stream.accept().await.head;
            assert!(head.starts_with("GET /my_endpoint HTTP/1.1\r\n"), "{head}");
            stream.expect_close(1000, "Successful connection").await;
        })
        .await;
        let told = Told::default();
        let mut my_websocket = told.websocket();
        my_websocket.set_options(Options::new().roots(authority.pem()));

        // my_websocket.connect('wss://127.0.0.1', 443, '/my_endpoint', function() {
        //   my_websocket.close('Successful connection', 1000);
        // });
        my_websocket
            .connect(
                Some("wss://127.0.0.1"),
                Some(peer.port()),
                Some("/my_endpoint"),
                |my_websocket| my_websocket.close("Successful connection", 1000, |_, _| {}),
            )
            .closed()
            .await;

        peer.finish().await;
        assert_eq!(
            told.all(),
            ["open", r#"close: 1000 "Successful connection" true"#]
        );
    });
}

#[test]
fn the_example_of_ping() {
    run(async {
        let told = Told::default();
        let tell = told.clone();
        let server = async |mut stream: Stream| {
            stream.expect_frame(0x89, b"Ping frame 1").await;
            stream.send(&frame(0x8a, b"Ping frame 1")).await;
            stream.expect_close(1000, "").await;
        };
        play(told.websocket(), server, |my_websocket| {
            // my_websocket.ping('Ping frame 1', true, function(msg) {
            //   console.log('Pong frame successfully received for frame ' + msg);
            // });
            my_websocket.ping(
                "Ping frame 1",
                SendOptions::new(),
                move |my_websocket, pong| {
                    tell.tell(format!(
                        "Pong frame successfully received for frame {}",
                        String::from_utf8_lossy(&pong.payload)
                    ));
                    my_websocket.close("", 1000, |_, _| {});
                },
            );
        })
        .await;
        assert_eq!(
            told.all(),
            [
                "open",
                "Pong frame successfully received for frame Ping frame 1",
                r#"close: 1000 "" true"#,
            ]
        );
    });
}

#[test]
fn the_example_of_send() {
    run(async {
        let told = Told::default();
        let tell = told.clone();
        let server = async |mut stream: Stream| {
            stream
                .expect_frame(0x81, b"My first WebSocket message!")
                .await;
            stream.expect_close(1000, "").await;
        };
        play(told.websocket(), server, |my_websocket| {
            // my_websocket.send('My first WebSocket message!', {mask: true, binary: false},
            //   function() {
            //     console.log('The data was successfully written to the socket!');
            //   });
            my_websocket.send(
                "My first WebSocket message!",
                SendOptions::new(),
                move |my_websocket| {
                    tell.tell("The data was successfully written to the socket!");
                    my_websocket.close("", 1000, |_, _| {});
                },
            );
        })
        .await;
        assert_eq!(
            told.all(),
            [
                "open",
                "The data was successfully written to the socket!",
                r#"close: 1000 "" true"#,
            ]
        );
    });
}

#[test]
fn the_seeds_options_of_send_are_a_masking_key_of_zero_and_the_type_of_the_message() {
    run(async {
        let told = Told::default();
        let server = async |mut stream: Stream| {
            // {mask: false, binary: false}, {mask: false, binary: true}, {binary: true}, and a
            // ping with `mask` false.
            stream.expect(b"\x81\x84\0\0\0\0text").await;
            stream.expect(b"\x82\x82\0\0\0\0\xff\xfe").await;
            stream.expect_frame(0x82, b"text").await;
            stream.expect(b"\x89\x84\0\0\0\0ping").await;
            stream.expect_close(1000, "").await;
        };
        play(told.websocket(), server, |handle| {
            let unmasked = SendOptions::new().unmasked();
            handle.send("text", unmasked, |_| {});
            handle.send(vec![0xff, 0xfe], unmasked, |_| {});
            handle.send(b"text".to_vec(), SendOptions::new(), |_| {});
            handle.ping("ping", unmasked, |_, _| {});
            handle.close("", 1000, |_, _| {});
        })
        .await;
        assert_eq!(told.all(), ["open", r#"close: 1000 "" true"#]);
    });
}
