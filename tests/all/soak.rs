//! A short run of what `cargo xtask soak` does for as long as one likes.

use std::io::Write;

use integration_tests::run;
use integration_tests::soak::{Soak, Until};

const CONNECTIONS: usize = 20;
const MESSAGES: u64 = 40;

#[test]
fn no_message_is_lost_by_connections_with_faults() {
    run(async {
        let soak = Soak {
            connections: CONNECTIONS,
            until: Until::Messages(MESSAGES),
            seed: 6455,
        };
        let report = soak.run().await;
        // Not by `print!`, which shows nothing of a test that passes.
        let text = report.to_string();
        std::io::stdout().write_all(text.as_bytes()).unwrap();
        assert_eq!(report.echoed, CONNECTIONS as u64 * MESSAGES);
        assert!(report.faults.len() > 1, "{:?}", report.faults);
        assert!(report.ends.len() > 1, "{:?}", report.ends);
    });
}
