//! The generated side of what the command imports.

wit_bindgen::generate!({
    path: "../../../wit/0.2",
    inline: "
        package wasocket:command;

        world command {
            import wasocket:websocket/client@0.2.0;
        }
    ",
    generate_all,
});
