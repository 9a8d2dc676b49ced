//! The client, as its documentation has it.

use std::sync::Arc;

use bytes::Bytes;
use fastwebsockets::{Frame, OpCode, Payload, WebSocket, handshake};
use http_body_util::Empty;
use hyper::Request;
use hyper::rt::Executor;
use hyper::upgrade::Upgraded;
use tokio_rustls::rustls::ClientConfig;

use crate::target::Target;
use crate::task::Task;
use crate::tls;
use crate::work::{Client, Dialer};

pub(crate) struct FastWebSockets(Arc<ClientConfig>);

pub(crate) struct FastClient(WebSocket<hyper_util::rt::TokioIo<Upgraded>>);

/// Has hyper's part of a connection run beside the rest.
struct Spawn;

impl<F> Executor<F> for Spawn
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

impl Dialer for FastWebSockets {
    type Client = FastClient;

    fn new(roots: &str) -> Self {
        Self(tls::config(roots))
    }

    /// It has no permessage-deflate.
    fn does(task: Task) -> bool {
        !task.is_compressed()
    }

    async fn connect(&self, target: &Target) -> FastClient {
        let stream = tls::connect(&self.0, target).await;
        let (_, path) = target.url.rsplit_once('/').expect("a path");
        let request = Request::builder()
            .uri(format!("/{path}"))
            .header("Host", format!("127.0.0.1:{}", target.port))
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Key", handshake::generate_key())
            .header("Sec-WebSocket-Version", "13")
            .body(Empty::<Bytes>::new())
            .expect("a request");
        let connected = handshake::client(&Spawn, request, stream).await;
        FastClient(connected.expect("a connection").0)
    }
}

impl Client for FastClient {
    async fn send(&mut self, payload: &[u8]) {
        let frame = Frame::binary(Payload::Owned(payload.to_vec()));
        self.0.write_frame(frame).await.expect("sent");
    }

    async fn receive(&mut self) -> Vec<u8> {
        let frame = self.0.read_frame().await.expect("a message");
        assert_eq!(frame.opcode, OpCode::Binary);
        frame.payload.into()
    }

    async fn in_flight(mut self, messages: Vec<Vec<u8>>, window: usize, count: usize) {
        let mut sent = 0;
        for received in 0..count {
            while sent < count.min(received + window) {
                self.send(&messages[sent % messages.len()]).await;
                sent += 1;
            }
            assert_eq!(self.receive().await, messages[received % messages.len()]);
        }
    }

    async fn close(mut self) {
        let frame = Frame::close(1000, &[]);
        self.0.write_frame(frame).await.expect("sent");
        let frame = self.0.read_frame().await.expect("a Close frame");
        assert_eq!(frame.opcode, OpCode::Close);
    }
}
