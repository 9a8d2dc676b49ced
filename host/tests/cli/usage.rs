//! The help, and what cannot be used.

use integration_tests::{Bystander, run};

use crate::tool::wasocket;

#[test]
fn the_help_has_each_option_and_each_exit_code() {
    run(async {
        let ended = wasocket(&["--help"], b"").await;
        ended.assert_code(0);
        let help = ended.stdout();
        let options: Vec<&str> = help
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .collect();
        assert_eq!(
            options,
            [
                "-b, --binary",
                "-1, --one",
                "-x, --send <TEXT>",
                "--text-file <FILE>",
                "--binary-file <FILE>",
                "-w, --wait <SECONDS>",
                "-n, --no-close",
                "-j, --json",
                "-v, --verbose",
                "-q, --quiet",
                "--no-history",
                "--no-cache",
                "-h, --help",
                "-V, --version",
                "--reconnect",
                "--first-delay <SECONDS>",
                "--max-delay <SECONDS>",
                "--max-attempts <NUMBER>",
                "--max-elapsed <SECONDS>",
                "--resend",
                "--confirm <WHEN>",
                "-H, --header <NAME: VALUE|@FILE>",
                "-s, --subprotocol <NAME>",
                "-o, --origin <ORIGIN>",
                "--unmasked",
                "--roots <FILE>",
                "--no-built-in-roots",
                "--grant <HOST:PORTS>",
                "--grant-private <HOST:PORTS>",
                "--grant-network <NETWORK[:PORTS]>",
                "-p, --ping-interval <SECONDS>",
                "--pong-timeout <SECONDS>",
                "--connect-timeout <SECONDS>",
                "--close-timeout <SECONDS>",
                "--max-message-size <BYTES>",
                "--max-frame-size <BYTES>",
                "--max-fragments <NUMBER>",
                "--max-response-head <BYTES>",
                "--max-buffered-amount <BYTES>",
                "--max-decompression-ratio <NUMBER>",
                "--max-memory <BYTES>",
                "--max-compute-time <SECONDS>",
                "--no-compression",
                "--deflate-offer <PARAMETERS>",
                "--compression-level <LEVEL>",
                "--compression-threshold <BYTES>",
                "--compress <WHICH>",
            ]
        );
        let (_, codes) = help.split_once("\nExit codes:\n").expect("exit codes");
        let codes: Vec<u8> = codes
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 70, 130]);
    });
}

#[test]
fn without_arguments_there_is_help() {
    run(async {
        let ended = wasocket(&[], b"").await;
        ended.assert_code(2);
        assert_eq!(ended.stdout(), "");
        assert!(ended.stderr.contains("Usage: wasocket"), "{ended:?}");
    });
}

#[test]
fn a_wrong_command_line_is_told_and_nobody_is_connected_to() {
    run(async {
        let server = Bystander::start().await;
        let url = server.url("ws");
        for (argument, message) in [
            ("--surprise", "unexpected argument '--surprise' found"),
            ("--header=text", "there is no colon between name and value"),
            ("--ping-interval=soon", "not a number of seconds"),
            ("--close-timeout=0", "not a positive number of seconds"),
            ("--max-message-size=many", "invalid digit found in string"),
            ("--no-built-in-roots", "--roots <FILE>"),
            ("-jb", "'--json' cannot be used with '--binary'"),
            ("--header=@", "there is no name of a file after the @"),
            (
                "--grant=localhost",
                "there is no colon between host and port",
            ),
            (
                "--grant-network=localhost/8",
                "localhost/8 is not a range of addresses",
            ),
            (
                "--deflate-offer=x",
                "is not a parameter of permessage-deflate",
            ),
            ("-qv", "'--quiet' cannot be used with '--verbose'"),
            ("-nw1", "'--no-close' cannot be used with '--wait"),
            ("--max-attempts=3", "--reconnect"),
            ("another", "cannot be used with '<URL>'"),
        ] {
            let ended = wasocket(&[argument, &url], b"").await;
            ended.assert_code(2);
            assert_eq!(ended.stdout(), "");
            assert!(ended.stderr.contains(message), "{message}: {ended:?}");
        }
        server.assert_untouched().await;
    });
}

#[test]
fn options_that_cannot_be_used_are_named() {
    run(async {
        let server = Bystander::start().await;
        let url = server.url("ws");
        for (option, value, message) in [
            (
                "--header",
                "na me: value",
                "invalid name of a header field: \"na me\" is not the name of a header field",
            ),
            (
                "--header",
                "Host: other",
                "invalid name of a header field: the opening handshake sets the header field Host \
                 itself",
            ),
            (
                "--header",
                "X-A: a\r\nX-B: b",
                "invalid value of a header field: the value of the header field X-A has a control \
                 character in it",
            ),
            (
                "--subprotocol",
                "a,b",
                "invalid subprotocol: \"a,b\" is not the name of a subprotocol",
            ),
            (
                "--origin",
                "a\nb",
                "invalid origin: the origin is empty, or has a character in it that is not visible \
                 ASCII",
            ),
            (
                "--roots",
                "/nowhere",
                "/nowhere: No such file or directory (os error 2)",
            ),
            (
                "--roots",
                "/dev/null",
                "invalid root certificates: there is no certificate in PEM",
            ),
            (
                "--max-message-size",
                "0",
                "invalid limit: the limit of the message size is 0, not 1 to 1073741824",
            ),
        ] {
            let ended = wasocket(&[option, value, &url], b"").await;
            ended.assert_failure(2, message);
        }
        server.assert_untouched().await;
    });
}

#[test]
fn a_wrong_url_is_named() {
    run(async {
        for (url, message) in [
            (
                "http://localhost/",
                "invalid scheme: the scheme is not ws:// or wss://",
            ),
            ("ws://", "invalid host: the host is empty"),
            (
                "ws://local host/",
                "invalid host: the host is not a valid name or address (names that are not ASCII \
                 are written as xn--...)",
            ),
            (
                "ws://localhost:65536/",
                "invalid port: the port is not a number from 1 to 65535",
            ),
            (
                "ws://localhost/#fragment",
                "invalid fragment: a WebSocket URL has no fragment (a # in a path is written as \
                 %23)",
            ),
        ] {
            wasocket(&[url], b"").await.assert_failure(2, message);
        }
    });
}

/// It was localhost: what a script asks for whose variable is not set.
#[test]
fn an_empty_url_is_refused() {
    run(async {
        let ended = wasocket(&[""], b"").await;
        ended.assert_code(2);
        assert!(ended.stderr.contains("<URL>"), "{ended:?}");
    });
}
