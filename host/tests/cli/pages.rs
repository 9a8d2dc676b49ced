//! `wasocket completions`, `wasocket man`, and whether there is an option for all of the crate's.

use integration_tests::run;

use crate::tool::wasocket;

/// The setters of the crate's options, and the option of the tool for each.
const SETTERS: [(&str, &str); 41] = [
    ("grants", "--grant"),
    ("header", "--header"),
    ("subprotocol", "--subprotocol"),
    ("origin", "--origin"),
    ("roots", "--roots"),
    ("without_built_in_roots", "--no-built-in-roots"),
    ("connect_timeout", "--connect-timeout"),
    ("close_timeout", "--close-timeout"),
    ("pong_timeout", "--pong-timeout"),
    ("ping_interval", "--ping-interval"),
    ("compression", "--no-compression"),
    ("max_decompression_ratio", "--max-decompression-ratio"),
    ("max_message_size", "--max-message-size"),
    ("max_frame_size", "--max-frame-size"),
    ("max_fragments", "--max-fragments"),
    ("max_response_head", "--max-response-head"),
    ("max_buffered_amount", "--max-buffered-amount"),
    ("unmasked", "--unmasked"),
    ("compressed", "--compress"),
    ("uncompressed", "--compress"),
    ("offer", "--deflate-offer"),
    ("level", "--compression-level"),
    ("threshold", "--compression-threshold"),
    ("server_no_context_takeover", "--deflate-offer"),
    ("client_no_context_takeover", "--deflate-offer"),
    ("server_max_window_bits", "--deflate-offer"),
    ("client_max_window_bits", "--deflate-offer"),
    ("fixed_client_window", "--deflate-offer"),
    // Of grants, and of the runtime.
    ("host", "--grant"),
    ("private_host", "--grant-private"),
    ("network", "--grant-network"),
    ("everything", "--grant"),
    ("max_memory", "--max-memory"),
    ("max_compute_time", "--max-compute-time"),
    ("cache", "--no-cache"),
    // Of what is made anew.
    ("first_delay", "--first-delay"),
    ("max_delay", "--max-delay"),
    ("max_attempts", "--max-attempts"),
    ("max_elapsed", "--max-elapsed"),
    ("maybe_sent", "--resend"),
    ("confirm", "--confirm"),
];

/// Setters of what only a program has a use for: streams and queues, and what is fine-tuned for many
/// connections.
const FOR_PROGRAMS: [&str; 13] = [
    "receive_marks",
    "send_marks",
    "stream_messages_over",
    "factor",
    "stable_after",
    "max_retry_after",
    "unsent",
    "max_buffered_bytes",
    "max_buffered_messages",
    "pool",
    "connections_per_instance",
    // Its TLS is in the sandbox.
    "host_tls",
    // The tool has a compiler.
    "interpreted",
];

/// The setters in the source of the crate.
fn setters() -> Vec<&'static str> {
    let sources = [
        include_str!("../../src/options.rs"),
        include_str!("../../src/compression.rs"),
        include_str!("../../src/grants.rs"),
        include_str!("../../src/reconnect/policy.rs"),
        include_str!("../../src/runtime.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    lines
        .filter(|line| line.contains("(mut self"))
        .filter_map(|line| line.trim_start().strip_prefix("pub fn ")?.split('(').next())
        .collect()
}

#[test]
fn there_is_an_option_for_each_setter() {
    run(async {
        let ended = wasocket(&["--help"], b"").await;
        let help = ended.stdout();
        for (setter, option) in SETTERS {
            assert!(help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")));
            assert!(!setter.is_empty());
        }
        let missing: Vec<&str> = setters()
            .into_iter()
            .filter(|setter| !SETTERS.iter().any(|(known, _)| known == setter))
            .filter(|setter| !FOR_PROGRAMS.contains(setter))
            .collect();
        assert_eq!(missing, [""; 0]);
    });
}

#[test]
fn completions_are_for_each_shell() {
    run(async {
        for (shell, start) in [
            ("bash", "_wasocket() {"),
            ("zsh", "#compdef wasocket"),
            ("fish", "complete -c wasocket"),
            ("powershell", "Register-ArgumentCompleter"),
            ("elvish", "edit:completion:arg-completer[wasocket]"),
        ] {
            let ended = wasocket(&["completions", shell], b"").await;
            ended.assert_code(0);
            assert_eq!(ended.stderr, "");
            assert!(ended.stdout().contains(start), "{shell}");
            assert!(ended.stdout().contains("max-message-size"), "{shell}");
        }
        let ended = wasocket(&["completions", "command.com"], b"").await;
        ended.assert_code(2);
    });
}

#[test]
fn bash_takes_its_completions() {
    run(async {
        let ended = wasocket(&["completions", "bash"], b"").await;
        let script = format!(
            "{}\nCOMP_WORDS=(wasocket --close-t) COMP_CWORD=1\n\
             _wasocket wasocket --close-t wasocket\necho \"${{COMPREPLY[*]}}\"",
            ended.stdout()
        );
        let bash = tokio::process::Command::new("bash")
            .args(["-c", &script])
            .output()
            .await
            .expect("bash");
        assert_eq!(String::from_utf8_lossy(&bash.stdout), "--close-timeout\n");
    });
}

#[test]
fn the_manual_has_a_page_for_the_tool_and_for_each_command() {
    run(async {
        let ended = wasocket(&["man"], b"").await;
        ended.assert_code(0);
        let page = ended.stdout();
        assert!(page.contains(".TH wasocket 1"), "{page}");
        for part in [".SH NAME", "\\-\\-max\\-message\\-size", "Exit codes:"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let ended = wasocket(&["man", "bench"], b"").await;
        ended.assert_code(0);
        assert!(ended.stdout().contains("\\-\\-in\\-flight"), "{ended:?}");

        let ended = wasocket(&["man", "woman"], b"").await;
        ended.assert_failure(2, "there is no command woman");
    });
}
