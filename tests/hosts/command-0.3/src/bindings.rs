//! The generated side of what the command imports.

wit_bindgen::generate!({
    path: "../../../wit/0.3",
    inline: "
        package wasocket:command;

        world command {
            import wasocket:websocket/client@0.3.0;
        }
    ",
    with: { "wasi:clocks/types@0.3.0": wasip3::clocks::types },
    generate_all,
});
