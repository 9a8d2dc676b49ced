//! Names with several addresses.

use integration_tests::Echo;
use integration_tests::guest::{Network, is_close, run_guest_on, types};
use types::{ErrorCode, Event, Step};

use super::{assert_closes, assert_echoes};

#[test]
fn an_address_that_does_not_answer_is_passed_over() {
    let network = Network::default()
        .name("two.test", &["127.0.0.2", "127.0.0.1"])
        .silent("127.0.0.2");
    run_guest_on(network, async |mut guest| {
        let server = Echo::start().await;
        let url = format!("ws://two.test:{}/", server.port());
        let websocket = guest.open(&url).await;
        assert_echoes(&mut guest, websocket).await;
        assert_closes(&mut guest, websocket).await;
        assert!(guest.holds_nothing());
    });
}

#[test]
fn an_address_that_refuses_is_passed_over_at_once() {
    let network = Network::default().name("two.test", &["127.0.0.2", "127.0.0.1"]);
    run_guest_on(network, async |mut guest| {
        // It listens on 127.0.0.1 alone.
        let server = Echo::start().await;
        let url = format!("ws://two.test:{}/", server.port());
        let websocket = guest.open(&url).await;
        assert_echoes(&mut guest, websocket).await;
        assert_closes(&mut guest, websocket).await;
        assert!(guest.holds_nothing());
    });
}

#[test]
fn a_name_without_an_address_is_not_found() {
    let network = Network::default().name("none.test", &[]);
    run_guest_on(network, async |mut guest| {
        let websocket = guest.connect("ws://none.test/", None).await;
        let events = guest.until(websocket, is_close).await;
        assert!(
            matches!(&events[..], [Event::Error(error), Event::Close(_)]
                if (error.step, &error.code) == (Step::Name, &ErrorCode::NameNotFound)),
            "{events:?}"
        );
        assert!(guest.holds_nothing());
    });
}
