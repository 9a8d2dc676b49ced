//! What a connection may reach: nothing that is not granted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use integration_tests::{Echo, run, runtime_builder};
use tokio::net::TcpListener;
use wasocket::{
    Denied, Destination, Error, Failure, FailureKind, Grants, Options, Ports, Runtime,
    SpecialPurpose, Step, WebSocket,
};

/// A name that resolves to 127.0.0.1 without a name server, as one could make any name do.
const LOOPBACK: &str = "0x7f000001";

#[test]
fn no_name_is_looked_up_by_default() {
    run(async {
        let runtime = runtime_with(Grants::new());
        let failure = failure(runtime.connect("ws://LocalHost:9001/").await);
        assert_eq!(failure.step, Step::Name);
        let denied = Denied::Name("localhost".into());
        assert_eq!(failure.kind, FailureKind::NotGranted(denied));
        assert_eq!(
            failure.to_string(),
            "name lookup: not granted: the host localhost (see `Grants::host`)"
        );
    });
}

#[test]
fn no_address_is_connected_to_by_default() {
    run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = runtime_with(Grants::new());
        let failure = failure(runtime.connect(&format!("ws://{address}/")).await);
        assert_eq!(failure.step, Step::Connect);
        let denied = Denied::Address(address);
        assert_eq!(failure.kind, FailureKind::NotGranted(denied));
        assert_eq!(
            failure.message,
            format!(
                "not granted: port {} of 127.0.0.1 (see `Grants::host`)",
                address.port()
            )
        );
        assert!(listener.accept().now_or_never().is_none());
    });
}

#[test]
fn a_grant_is_for_one_port() {
    run(async {
        let echo = Echo::start().await;
        let denied = async |host: &str| {
            let runtime = runtime_with(Grants::new().host(host, 9001));
            let url = format!("ws://{host}:{}/", echo.port());
            let failure = failure(runtime.connect(&url).await);
            assert_eq!(failure.step, Step::Connect);
            match failure.kind {
                FailureKind::NotGranted(denied) => denied,
                other => panic!("{other:?}"),
            }
        };
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), echo.port());
        assert_eq!(denied("127.0.0.1").await, Denied::Address(address));
        let Denied::Port { name, address } = denied("localhost").await else {
            panic!("the name is granted");
        };
        assert_eq!((name.as_str(), address.port()), ("localhost", echo.port()));
        assert!(address.ip().is_loopback());
    });
}

#[test]
fn a_grant_by_name_covers_what_the_name_resolves_to_and_no_more() {
    run(async {
        let echo = Echo::start().await;
        let runtime = runtime_with(Grants::new().host("localhost", echo.port()));
        for name in ["localhost", "LOCALHOST"] {
            let url = format!("ws://{name}:{}/", echo.port());
            assert_echoes(runtime.connect(&url).await.unwrap()).await;
        }
        // The address is granted to those who come by the name.
        let url = format!("ws://127.0.0.1:{}/", echo.port());
        assert_denied(runtime.connect(&url).await, echo.port());
    });
}

#[test]
fn a_grant_by_address_covers_no_name() {
    run(async {
        let echo = Echo::start().await;
        let runtime = runtime_with(Grants::new().host("127.0.0.1", echo.port()));
        let url = format!("ws://127.0.0.1:{}/", echo.port());
        assert_echoes(runtime.connect(&url).await.unwrap()).await;
        let failure = failure(runtime.connect(&echo.url()).await);
        let denied = Denied::Name("localhost".into());
        assert_eq!(failure.kind, FailureKind::NotGranted(denied));
    });
}

#[test]
fn a_name_that_leads_to_this_machine_has_to_be_granted_as_such() {
    run(async {
        let echo = Echo::start().await;
        let port = echo.port();
        let url = format!("ws://{LOOPBACK}:{port}/");
        let public = Grants::new().host(LOOPBACK, port);
        for grants in [public.clone(), Grants::new().host("*", Ports::ALL)] {
            let failure = failure(runtime_with(grants).connect(&url).await);
            assert_eq!(failure.step, Step::Connect);
            let denied = Denied::SpecialPurpose {
                name: LOOPBACK.into(),
                address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
                purpose: SpecialPurpose::Loopback,
            };
            assert_eq!(failure.kind, FailureKind::NotGranted(denied));
        }
        for grants in [
            Grants::new().private_host(LOOPBACK, port),
            public.clone().host("127.0.0.1", port),
            public.network("127.0.0.0/8".parse().unwrap(), port),
        ] {
            assert_echoes(runtime_with(grants).connect(&url).await.unwrap()).await;
        }
    });
}

#[test]
fn a_function_is_asked_for_the_name_and_then_for_the_address() {
    run(async {
        let echo = Echo::start().await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let grants = Grants::new().decided_by({
            let asked = asked.clone();
            move |destination| {
                asked.lock().unwrap().push(format!("{destination:?}"));
                match destination {
                    Destination::Name(_) => true,
                    Destination::Address { address, .. } => address.ip().is_ipv4(),
                    _ => false,
                }
            }
        });
        let runtime = runtime_with(grants);
        assert_echoes(runtime.connect(&echo.url()).await.unwrap()).await;
        let asked = asked.lock().unwrap();
        assert_eq!(asked[0], "Name(\"localhost\")");
        let address = format!(
            "Address {{ address: 127.0.0.1:{}, names: [\"localhost\"] }}",
            echo.port()
        );
        assert!(asked.contains(&address), "{asked:?}");
    });
}

#[test]
fn what_a_function_declines_is_named() {
    run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = runtime_with(Grants::new().decided_by(|_| false));
        let named = failure(runtime.connect("ws://localhost/").await);
        let denied = Denied::Name("localhost".into());
        assert_eq!(named.kind, FailureKind::NotGranted(denied));
        assert_denied(
            runtime.connect(&format!("ws://{address}/")).await,
            address.port(),
        );
        assert!(listener.accept().now_or_never().is_none());
    });
}

#[test]
fn the_grants_of_a_connection_replace_those_of_the_runtime() {
    run(async {
        let echo = Echo::start().await;
        let url = format!("ws://127.0.0.1:{}/", echo.port());
        let granted = Grants::new().host("127.0.0.1", echo.port());

        let runtime = runtime_with(Grants::new());
        assert_denied(runtime.connect(&url).await, echo.port());
        let wider = Options::new().grants(granted.clone());
        assert_echoes(runtime.connect_with(&url, &wider).await.unwrap()).await;
        // They were for that connection.
        assert_denied(runtime.connect(&url).await, echo.port());

        let runtime = runtime_with(granted);
        let narrower = Options::new().grants(Grants::new());
        assert_denied(runtime.connect_with(&url, &narrower).await, echo.port());
        assert_echoes(runtime.connect(&url).await.unwrap()).await;
    });
}

fn runtime_with(grants: Grants) -> Runtime {
    runtime_builder().grants(grants).build().unwrap()
}

#[track_caller]
fn failure(connected: Result<WebSocket, Error>) -> Failure {
    match connected {
        Err(Error::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

/// Asserts that 127.0.0.1 on this port was not granted.
#[track_caller]
fn assert_denied(connected: Result<WebSocket, Error>, port: u16) {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let denied = FailureKind::NotGranted(Denied::Address(address));
    assert_eq!(failure(connected).kind, denied);
}

async fn assert_echoes(mut websocket: WebSocket) {
    websocket.send("Hello").await.unwrap();
    assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
}
