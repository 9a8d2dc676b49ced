//! The example of a publisher, as it is.

#[expect(dead_code, reason = "its `main` is not what is called here")]
#[path = "../../../host/examples/telemetry.rs"]
mod telemetry;

use integration_tests::{Echo, run, runtime};
use wasocket::reconnect::Reconnect;

use super::resetting_after;

#[test]
fn the_publisher_delivers_all_readings_through_a_lost_connection() {
    run(async {
        let echo = Echo::start().await;
        let lost = resetting_after(3).await;
        let mut urls = [lost.url()].into_iter();
        let connection = Reconnect::new(runtime(), echo.url())
            .policy(telemetry::policy())
            .before_attempt(move |mut attempt| {
                if let Some(url) = urls.next() {
                    attempt.url = url;
                }
                async { Ok(attempt) }
            })
            .random(|| 0.0)
            .start();
        assert_eq!(telemetry::publish(connection, 20).await.unwrap(), 20);
        lost.finish().await;
    });
}
