//! The arguments of `connect`, all of them optional. Ports out of range and line breaks in paths are
//! in `iotjs_calls.rs`.

use std::net::Ipv6Addr;

use integration_tests::{Scripted, Stream, run, runtime_builder};
use wasocket::callback::Websocket;

use super::{Told, close};

/// Connects without any grant; returns where that would have gone.
async fn destination(host: Option<&str>, port: Option<u16>, path: Option<&str>) -> String {
    let runtime = runtime_builder().build().unwrap();
    let told = Told::default();
    let mut websocket = Websocket::new(&runtime);
    let errors = told.clone();
    websocket.on_error(move |_, error| errors.tell(error.to_string()));
    websocket
        .connect(host, port, path, told.telling("open"))
        .closed()
        .await;
    told.all().concat()
}

#[test]
fn without_a_port_it_is_80_for_ws_and_443_for_wss() {
    run(async {
        for (host, missing) in [
            ("127.0.0.1", "port 80 of 127.0.0.1"),
            ("ws://127.0.0.1", "port 80 of 127.0.0.1"),
            ("wss://127.0.0.1", "port 443 of 127.0.0.1"),
            ("WSS://127.0.0.1/chat", "port 443 of 127.0.0.1"),
            ("[::1]", "port 80 of ::1"),
            ("wss://[::1]/", "port 443 of ::1"),
        ] {
            assert_eq!(
                destination(Some(host), None, None).await,
                format!("TCP connection: not granted: {missing} (see `Grants::host`)"),
            );
        }
    });
}

#[test]
fn without_any_argument_it_is_localhost() {
    run(async {
        assert_eq!(
            destination(None, None, None).await,
            "name lookup: not granted: the host localhost (see `Grants::host`)",
        );
    });
}

#[test]
fn a_port_in_the_host_takes_the_place_of_the_default() {
    run(async {
        for (host, port) in [
            ("127.0.0.1:81", None),
            ("wss://127.0.0.1:81", None),
            ("127.0.0.1", Some(81)),
            ("wss://127.0.0.1", Some(81)),
            ("wss://127.0.0.1:81", Some(81)),
        ] {
            assert_eq!(
                destination(Some(host), port, None).await,
                "TCP connection: not granted: port 81 of 127.0.0.1 (see `Grants::host`)",
            );
        }
    });
}

#[test]
fn a_port_or_a_path_that_is_given_twice_and_differently_is_refused() {
    run(async {
        let told = destination(Some("ws://localhost:81"), Some(82), None).await;
        assert!(told.starts_with("invalid port: "), "{told}");
        let told = destination(Some("ws://localhost/a"), None, Some("/b")).await;
        assert!(told.starts_with("invalid path: "), "{told}");
    });
}

#[test]
fn what_is_not_a_host_is_refused() {
    run(async {
        for (host, part) in [
            ("http://localhost", "scheme"),
            ("ws://", "host"),
            ("local host", "host"),
            ("::1", "host"),
            ("[::1", "host"),
            ("wsabc://localhost", "scheme"),
            ("ws://localhost/#there", "fragment"),
        ] {
            let told = destination(Some(host), None, None).await;
            assert!(
                told.starts_with(&format!("invalid {part}: ")),
                "{host}: {told}"
            );
        }
    });
}

#[test]
fn the_host_may_be_a_whole_url() {
    run(async {
        let server = async |mut stream: Stream| {
            let head = stream.accept().await.head;
            assert!(head.starts_with("GET /chat?x=1 HTTP/1.1\r\n"), "{head}");
            close(stream, 1000, "").await;
        };
        let localhost = Scripted::start(server).await;
        let v6 = Scripted::start_on(Ipv6Addr::LOCALHOST, server).await;
        let urls = [
            format!("{}chat?x=1", localhost.url()),
            format!("ws://[::1]:{}/chat?x=1", v6.port()),
        ];
        for url in urls {
            let told = Told::default();
            told.websocket()
                .connect(Some(&url), None, None, |_| {})
                .closed()
                .await;
            assert_eq!(told.all(), ["open", r#"close: 1000 "" true"#]);
        }
        localhost.finish().await;
        v6.finish().await;
    });
}
