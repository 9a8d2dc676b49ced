//! `wasi:tls`, a proposal: TLS over the streams of a socket, by rustls.
//!
//! Not wasmtime-wasi-tls, whose streams are those of wasmtime-wasi. What happens in it happens in the
//! guest's calls, or while its handshake is waited for: no task is beside them, and no buffer but
//! rustls's.

mod secured;

use std::sync::Arc;

use wasmtime::component::{Linker, Resource};

use super::define_resource;
use super::pollable::{Coming, Pollable, Source};
use super::streams::{InputStream, OutputStream};
use crate::store::State;
use secured::Secured;

/// A handshake that goes on. The error is for people.
pub(super) type Securing = Coming<Result<Arc<Secured>, String>>;

/// `client-handshake`.
struct ClientHandshake {
    server_name: String,
    input: InputStream,
    output: OutputStream,
}

/// `client-connection`.
struct ClientConnection(Arc<Secured>);

/// `future-client-streams`.
struct FutureClientStreams {
    securing: Arc<Securing>,
    is_taken: bool,
}

/// What `future-client-streams.get` returns, once there is something.
type ClientStreams = Result<
    Result<
        (
            Resource<ClientConnection>,
            Resource<InputStream>,
            Resource<OutputStream>,
        ),
        Resource<wasmtime::Error>,
    >,
    (),
>;

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut tls = linker.instance("wasi:tls/types@0.2.0-draft")?;
    define_resource::<ClientHandshake>(&mut tls, "client-handshake")?;
    define_resource::<ClientConnection>(&mut tls, "client-connection")?;
    define_resource::<FutureClientStreams>(&mut tls, "future-client-streams")?;
    tls.func_wrap(
        "[constructor]client-handshake",
        |mut store,
         (server_name, input, output): (String, Resource<InputStream>, Resource<OutputStream>)| {
            let table = &mut store.data_mut().wasi.table;
            let handshake = ClientHandshake {
                server_name,
                input: table.delete(input)?,
                output: table.delete(output)?,
            };
            Ok((table.push(handshake)?,))
        },
    )?;
    tls.func_wrap(
        "[static]client-handshake.finish",
        |mut store, (handshake,): (Resource<ClientHandshake>,)| {
            let state = store.data_mut();
            let ClientHandshake {
                server_name,
                input,
                output,
            } = state.wasi.table.delete(handshake)?;
            let securing = Secured::new(server_name, input, output, state.access.clone());
            let streams = FutureClientStreams {
                securing: Arc::new(Securing::new(securing)),
                is_taken: false,
            };
            Ok((state.wasi.table.push(streams)?,))
        },
    )?;
    tls.func_wrap(
        "[method]future-client-streams.subscribe",
        |mut store, (streams,): (Resource<FutureClientStreams>,)| {
            let table = &mut store.data_mut().wasi.table;
            let securing = Source::Securing(table.get(&streams)?.securing.clone());
            Ok((table.push(Pollable::from(securing))?,))
        },
    )?;
    tls.func_wrap(
        "[method]future-client-streams.get",
        |mut store, (streams,): (Resource<FutureClientStreams>,)| {
            let state = store.data_mut();
            let table = &mut state.wasi.table;
            let streams = table.get_mut(&streams)?;
            let got: Option<ClientStreams> = if streams.is_taken {
                Some(Err(()))
            } else if let Some(secured) = streams.securing.take() {
                streams.is_taken = true;
                Some(Ok(match secured {
                    Ok(secured) => Ok((
                        table.push(ClientConnection(secured.clone()))?,
                        table.push(InputStream(secured.clone()))?,
                        table.push(OutputStream(secured))?,
                    )),
                    Err(message) => Err(table.push(wasmtime::Error::msg(message))?),
                }))
            } else {
                None
            };
            Ok((got,))
        },
    )?;
    tls.func_wrap(
        "[method]client-connection.close-output",
        |store, (connection,): (Resource<ClientConnection>,)| {
            let connection = store.data().wasi.table.get(&connection)?;
            connection.0.close_output();
            Ok(())
        },
    )
}
