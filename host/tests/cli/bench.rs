//! `wasocket bench`: what is measured, and what is a failure.

use integration_tests::{ClosedPort, Echo, Scripted, frame, run};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::tool::{Ended, Tool, wasocket};

/// The figures that were printed as JSON.
#[track_caller]
fn figures(ended: &Ended) -> Value {
    serde_json::from_str(ended.stdout()).expect("JSON")
}

#[test]
fn each_connection_sends_as_many_messages_as_it_is_to() {
    run(async {
        let echo = Echo::start().await;
        for options in [
            &["--size=0"][..],
            &["--size=3", "--binary"],
            &["--size=70000", "--in-flight=8"],
            &["--in-flight=300", "--unmasked"],
        ] {
            let url = echo.url();
            let common = ["bench", "--json", "-c3", "-n20", &url];
            let ended = wasocket(&[&common, options].concat(), b"").await;
            ended.assert_code(0);
            assert_eq!(ended.stderr, "");
            let figures = figures(&ended);
            assert_eq!(figures["connections"], 3, "{options:?}");
            assert_eq!(figures["open"], 3);
            assert_eq!(figures["sent"], 60);
            assert_eq!(figures["answered"], 60);
            assert_eq!(figures["failures"], 0);
            assert_eq!(figures["first_failure"], Value::Null);
            let percentiles = ["p50", "p90", "p99", "p99.9", "max"]
                .map(|name| figures["latency_seconds"][name].as_f64().expect(name));
            assert!(percentiles[0] > 0.0 && percentiles.is_sorted());
            assert!(figures["messages_per_second"].as_f64() > Some(0.0));
        }
    });
}

#[test]
fn for_people_there_are_figures_and_a_histogram() {
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let ended = wasocket(&["bench", "--ascii", "-n100", "--size=16", &url], b"").await;
        ended.assert_code(0);
        assert_eq!(ended.stderr, "");
        let stdout = ended.stdout();
        assert!(stdout.is_ascii(), "{stdout}");
        let lines: Vec<&str> = stdout.lines().collect();
        assert!(lines[0].starts_with("connections  1 of 1 open after "));
        assert!(lines[1].starts_with("messages     100 of 100 answered in "));
        assert!(lines[1].ends_with(", 16 bytes each"));
        assert!(lines[2].starts_with("throughput   "));
        assert!(lines[3].starts_with("latency      p50 "));
        // Each answer is in a row.
        let counts = lines[4..].iter().map(|row| {
            let count = row.split_whitespace().last().expect("a count");
            count.parse::<u64>().expect("a count")
        });
        assert_eq!(counts.sum::<u64>(), 100, "{stdout}");
        assert!(stdout.contains(" ###"), "{stdout}");
    });
}

#[test]
fn time_ends_it_and_the_last_answers_are_waited_for() {
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let ended = wasocket(&["bench", "-j", "-d0.2", "-i4", &url], b"").await;
        ended.assert_code(0);
        let figures = figures(&ended);
        assert!(figures["sent"].as_u64() >= Some(4));
        assert_eq!(figures["sent"], figures["answered"]);
    });
}

#[test]
fn an_answer_that_is_not_the_message_is_a_failure() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"0.0 x").await;
            stream.send(&frame(0x81, b"0.0 x")).await;
            stream.expect_frame(0x81, b"0.1 x").await;
            stream.send(&frame(0x81, b"0.1 y")).await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&["bench", "--json", "--size=5", &peer.url()], b"").await;
        ended.assert_code(1);
        let figures = figures(&ended);
        assert_eq!(figures["answered"], 1);
        assert_eq!(figures["failures"], 1);
        assert_eq!(
            figures["first_failure"],
            "an answer is not the message that was sent: does the server echo?"
        );
        peer.finish().await;
    });
}

#[test]
fn an_answer_that_does_not_come_is_a_failure() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&["bench", "--ascii", "--timeout=0.1", &peer.url()], b"").await;
        ended.assert_code(1);
        let told = "failures     1 of 1 connections, the first: no answer after 100ms\n";
        assert!(ended.stdout().ends_with(told), "{ended:?}");
        peer.finish().await;
    });
}

#[test]
fn without_a_connection_it_exits_as_always() {
    run(async {
        let port = ClosedPort::take();
        let address = port.address();
        let ended = wasocket(&["bench", "-c2", &format!("ws://{address}/")], b"").await;
        ended.assert_failure(3, &format!("TCP connection: {address}: connection refused"));
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_there_is() {
    run(async {
        let (answered_tx, answered_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let (_, first) = stream.frame().await;
            stream.send(&frame(0x81, &first)).await;
            // It comes once the answer is counted. There is none to it.
            stream.frame().await;
            answered_tx.send(()).expect("a test");
            stream.expect_close(1000, "").await;
        })
        .await;
        let tool = Tool::start(&["bench", "--json", "-d3600", "-t3600", &peer.url()]);
        answered_rx.await.expect("a message");
        tool.interrupt().await;
        let ended = tool.ended().await;
        ended.assert_code(0);
        let figures = figures(&ended);
        assert_eq!(figures["sent"], 2);
        assert_eq!(figures["answered"], 1);
        peer.finish().await;
    });
}
