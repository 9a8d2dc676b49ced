//! `wasocket demo` and `wasocket component`.

use integration_tests::run;

use crate::tool::{Tool, wasocket};

/// What is told of each connection, in its order, without the times.
const TOLD: [&str; 8] = [
    "  connect  open after ",
    "  send     text: sent",
    "  event    message, text: Hello from the sandbox",
    "  send     binary: sent",
    "  event    message, binary: cafe",
    "  ping     pong: are you there? after ",
    "  close    closed, clean: true",
    "  event    close, code 1000 (that was the demo)",
];

#[test]
fn the_demo_tells_of_every_event_over_ws_and_wss() {
    run(async {
        let ended = wasocket(&["demo"], b"").await;
        ended.assert_code(0);
        assert_eq!(ended.stderr, "");
        for scheme in ["ws", "wss"] {
            let start = format!("\n{scheme}://localhost:");
            let (_, told) = ended.stdout().split_once(&start).expect("a connection");
            let told: Vec<&str> = told.lines().skip(1).take(TOLD.len()).collect();
            assert_eq!(told.len(), TOLD.len(), "{ended:?}");
            for (told, expected) in told.iter().zip(TOLD) {
                assert!(told.starts_with(expected), "{told:?} is not {expected:?}");
            }
        }
    });
}

#[test]
fn the_demo_ends_quietly_when_nobody_reads_it() {
    run(async {
        let mut tool = Tool::start(&["demo"]);
        assert!(tool.line().await.starts_with("The component: "));
        tool.close_output();
        tool.ended().await.assert_success("");
    });
}

#[test]
fn the_component_is_written_to_standard_output_or_a_file() {
    run(async {
        let ended = wasocket(&["component"], b"").await;
        ended.assert_code(0);
        assert!(ended.stdout == wasocket::COMPONENT);

        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("wasocket.wasm");
        let argument = file.to_str().expect("UTF-8");
        let ended = wasocket(&["component", argument], b"").await;
        ended.assert_success("");
        assert!(std::fs::read(&file).expect("a file") == wasocket::COMPONENT);
    });
}

#[test]
fn the_component_is_for_a_version_of_wasi_that_the_tool_has_one_for() {
    run(async {
        let ended = wasocket(&["component", "--wasi=0.2"], b"").await;
        ended.assert_code(0);
        assert!(ended.stdout == wasocket::COMPONENT);

        let ended = wasocket(&["component", "--wasi=0.1"], b"").await;
        ended.assert_code(2);
        assert_eq!(ended.stdout(), "");
        let message = "invalid value '0.1' for '--wasi <VERSION>'";
        assert!(ended.stderr.contains(message), "{ended:?}");
        assert!(ended.stderr.contains("[possible values: 0.2"), "{ended:?}");
    });
}

#[test]
fn the_component_ends_quietly_when_nobody_reads_it() {
    run(async {
        let mut tool = Tool::start(&["component"]);
        tool.close_output();
        tool.ended().await.assert_success("");
    });
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    run(async {
        let ended = wasocket(&["component", "/nowhere/wasocket.wasm"], b"").await;
        ended.assert_failure(
            2,
            "/nowhere/wasocket.wasm: No such file or directory (os error 2)",
        );
    });
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    use std::fs::File;

    use crate::tool::command;

    run(async {
        for arguments in [["demo"], ["component"]] {
            let full = File::options().write(true).open("/dev/full");
            let tool = Tool::start_as(command(&arguments).stdout(full.expect("the device")));
            tool.ended()
                .await
                .assert_failure(1, "standard output: No space left on device (os error 28)");
        }
    });
}
