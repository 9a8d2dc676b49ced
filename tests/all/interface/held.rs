//! What the host holds for an instance: nothing, once its websockets are closed, though they are
//! not dropped.

use integration_tests::guest::{Guest, Network, is_close, run_guest, run_guest_on, types};
use integration_tests::{Authority, Echo, Scripted};
use types::{ErrorCode, Event};
use wasmtime::component::ResourceAny;

use super::assert_closes;

/// Connects in vain; returns why.
async fn fails(guest: &mut Guest, url: &str, options: Option<ResourceAny>) -> ErrorCode {
    let websocket = guest.connect(url, options).await;
    let events = guest.until(websocket, is_close).await;
    let [Event::Error(error), Event::Close(_)] = &events[..] else {
        panic!("{events:?}");
    };
    error.code.clone()
}

#[test]
fn after_closing_handshakes() {
    run_guest(async |mut guest| {
        let authority = Authority::new();
        let options = guest.options_with_roots(&authority.pem()).await;
        let plain = Echo::start().await;
        let secure = Echo::start_tls(&authority.issue()).await;
        for server in [plain, secure] {
            let websocket = guest.open_with(&server.url(), Some(options)).await;
            assert!(!guest.holds_nothing());
            assert_closes(&mut guest, websocket).await;
            assert!(guest.holds_nothing());
        }
    });
}

#[test]
fn after_a_connection_that_is_refused() {
    run_guest(async |mut guest| {
        // Nobody listens on a port of one's own.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url = format!("ws://127.0.0.1:{port}/");
        let code = fails(&mut guest, &url, None).await;
        assert_eq!(code, ErrorCode::ConnectionRefused);
        assert!(guest.holds_nothing());
    });
}

#[test]
fn after_a_handshake_that_is_refused() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.send(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
            stream.drain().await;
        })
        .await;
        let code = fails(&mut guest, &server.url(), None).await;
        assert!(
            matches!(&code, ErrorCode::Refused(refusal) if refusal.status == 403),
            "{code:?}"
        );
        assert!(guest.holds_nothing());
    });
}

#[test]
fn after_a_tls_handshake_that_fails() {
    run_guest(async |mut guest| {
        let server = Echo::start_tls(&Authority::new().issue()).await;
        let code = fails(&mut guest, &server.url(), None).await;
        let problem = types::CertificateProblem::UnknownIssuer;
        assert_eq!(code, ErrorCode::Certificate(problem));
        assert!(guest.holds_nothing());
    });
}

#[test]
fn after_a_timeout_in_any_step_of_connecting() {
    let network = Network::default()
        .unresolved("unresolved.test")
        .silent("127.0.0.2")
        .silent("127.0.0.3")
        .name("silent.test", &["127.0.0.2", "127.0.0.3"]);
    run_guest_on(network, async |mut guest| {
        let options = guest.options().await;
        let (store, client) = guest.client();
        // Time for the second address to be tried.
        let timeout = 400_000_000;
        client
            .connect_options()
            .call_set_connect_timeout(store, options, timeout)
            .await
            .expect("no trap")
            .unwrap();
        let server = Scripted::start(async |mut stream| stream.drain().await).await;
        for url in [
            "ws://unresolved.test/",
            "ws://silent.test/",
            &format!("wss://127.0.0.1:{}/", server.port()),
        ] {
            let code = fails(&mut guest, url, Some(options)).await;
            assert_eq!(code, ErrorCode::Timeout(types::Timeout::Connect));
            assert!(guest.holds_nothing(), "{url}");
        }
    });
}

#[test]
fn after_a_connection_that_is_lost() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.reset();
        })
        .await;
        let websocket = guest.connect(&server.url(), None).await;
        guest.until(websocket, is_close).await;
        assert!(guest.holds_nothing());
    });
}
