//! The closing handshake.

use integration_tests::{Peer, run, runtime};

#[test]
fn a_server_in_python_that_closes_first_is_answered() {
    run(async {
        let peer = Peer::python(None).await;
        let mut websocket = runtime()
            .connect(&peer.url("/close?code=4001&reason=bye"))
            .await
            .unwrap();
        assert_eq!(websocket.receive().await, Ok(None));
        let closed = websocket.closed().unwrap();
        assert_eq!((closed.code, closed.reason.as_str()), (4001, "bye"));
        assert!(closed.was_clean);
    });
}
