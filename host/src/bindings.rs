//! The generated side of `wit/0.2`. What embedders see of it is re-made by hand elsewhere.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/0.2",
        world: "websocket",
        with: {
            "wasi:io/poll.pollable": crate::wasi::pollable::Pollable,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:io/error": wasmtime_wasi::p2::bindings::io::error,
            "wasi:io/streams": wasmtime_wasi::p2::bindings::io::streams,
            "wasi:random": wasmtime_wasi::p2::bindings::random,
            "wasi:sockets": wasmtime_wasi::p2::bindings::sockets,
        },
        require_store_data_send: true,
        exports: { default: async },
    });
}

pub(crate) use generated::exports::wasocket::websocket::{client, types};
pub(crate) use generated::{Websocket, WebsocketPre};
