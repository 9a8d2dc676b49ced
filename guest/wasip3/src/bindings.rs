//! The generated side of `wit/0.3`.

wit_bindgen::generate!({
    path: "../../wit/0.3",
    world: "websocket",
    with: {
        "wasi:clocks/types@0.3.0": wasip3::clocks::types,
        "wasi:clocks/monotonic-clock@0.3.0": wasip3::clocks::monotonic_clock,
        "wasi:clocks/system-clock@0.3.0": wasip3::clocks::system_clock,
        "wasi:random/random@0.3.0": wasip3::random::random,
        "wasi:sockets/types@0.3.0": wasip3::sockets::types,
        "wasi:sockets/ip-name-lookup@0.3.0": wasip3::sockets::ip_name_lookup,
    },
    default_bindings_module: "crate::bindings",
});
