//! Streams that are lost while something is owed to the server.

use integration_tests::guest::{is_close, run_guest, types};
use integration_tests::{Authority, Scripted, frame};
use types::{ErrorCode, Event, Step};

/// It tried for ever to write what it owed.
#[test]
fn a_paused_websocket_notices_when_it_writes() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.until_read().await;
            stream.reset();
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.pause(websocket).await;
        server.finish().await;
        guest.send(websocket, "to nobody").await.expect("open");
        let events = guest.until(websocket, is_close).await;
        assert!(
            matches!(&events[..], [Event::Error(error), Event::Close(_)]
                if (error.step, &error.code) == (Step::Open, &ErrorCode::ConnectionLost)),
            "{events:?}"
        );
        guest.drop(websocket).await;
    });
}

/// It tried for ever to write the alert.
#[test]
fn an_alert_that_cannot_be_written_is_given_up() {
    run_guest(async |mut guest| {
        let authority = Authority::new();
        let server = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            stream.accept().await;
            stream.until_read().await;
            let mut records = stream.seal(&frame(0x81, b"changed"));
            let last = records.len() - 1;
            records[last] ^= 0x01;
            stream.send_beneath(&records).await;
            stream.reset();
        })
        .await;
        let options = guest.options_with_roots(&authority.pem()).await;
        let websocket = guest.open_with(&server.url(), Some(options)).await;
        // What it sent can still be read after the reset.
        server.finish().await;
        let events = guest.until(websocket, is_close).await;
        assert!(
            matches!(&events[..], [Event::Error(error), Event::Close(_)]
                if (error.step, &error.code) == (Step::Open, &ErrorCode::TlsFailed)),
            "{events:?}"
        );
        guest.drop(websocket).await;
    });
}
