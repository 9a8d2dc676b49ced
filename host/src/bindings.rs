//! The generated side of `wit/0.2`. What embedders see of it is re-made by hand elsewhere.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/0.2",
        world: "websocket",
        with: { "wasi": wasmtime_wasi::p2::bindings },
        require_store_data_send: true,
        exports: { default: async },
    });
}

pub(crate) use generated::exports::wasocket::websocket::{client, types};
pub(crate) use generated::{Websocket, WebsocketPre};
