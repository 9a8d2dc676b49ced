//! What a guest has in place of a network: bytes that lie in memory until somebody takes them, so that
//! they arrive in the same pieces in each run.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamResult};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bytes::{Bytes, BytesMut};

/// How many bytes may be written at once, as the crate permits.
const MAX_WRITE_LEN: usize = 256 << 10;

/// The bytes on their way. To the guest it is both of its streams, to a peer the transport.
#[derive(Clone, Default)]
pub(crate) struct Wires(Arc<Mutex<Directions>>);

#[derive(Default)]
struct Directions {
    to_guest: BytesMut,
    to_peer: BytesMut,
}

impl Wires {
    fn lock(&self) -> MutexGuard<'_, Directions> {
        self.0.lock().expect("nothing panics meanwhile")
    }
}

#[async_trait]
impl Pollable for Wires {
    // Nobody waits: a guest is called when there is something for it to do.
    async fn ready(&mut self) {}
}

impl InputStream for Wires {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let bytes = &mut self.lock().to_guest;
        let len = bytes.len().min(size);
        Ok(bytes.split_to(len).freeze())
    }
}

impl OutputStream for Wires {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lock().to_peer.extend_from_slice(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE_LEN)
    }
}

impl Read for Wires {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let bytes = &mut self.lock().to_peer;
        if bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = bytes.len().min(room.len());
        room[..len].copy_from_slice(&bytes.split_to(len));
        Ok(len)
    }
}

impl Write for Wires {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().to_guest.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
