//! From the name of the host to a connected socket.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::net::IpAddr;
use core::pin::Pin;
use core::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use wasocket_client::{AttemptId, Dial, ReadyState, TransportError, WebSocket};

use crate::host;
use crate::timer::Timer;
use crate::transport::{self, Stream};

/// What a step came to.
enum Done {
    Resolved(Result<Vec<IpAddr>, TransportError>),
    Attempted(AttemptId, Result<Stream, TransportError>),
}

/// Gets a stream for `websocket`; `None` if there is none to be had, and then it tells why.
pub(crate) async fn dial(websocket: &mut WebSocket, timer: &mut Timer) -> Option<Stream> {
    // All that still runs is given up when this returns.
    let mut steps: FuturesUnordered<Pin<Box<dyn Future<Output = Done>>>> = FuturesUnordered::new();
    loop {
        let now = host::now();
        websocket.handle_timeout(now);
        while let Some(step) = websocket.poll_dial(now) {
            steps.push(match step {
                Dial::Resolve(name) => {
                    Box::pin(async { Done::Resolved(transport::resolve(name).await) })
                }
                Dial::Attempt(id, address) => {
                    Box::pin(async move { Done::Attempted(id, transport::connect(address).await) })
                }
            });
        }
        if websocket.ready_state() == ReadyState::Closed {
            return None;
        }
        // While it dials, a websocket has a deadline: the connect timeout.
        let deadline = websocket.poll_timeout().unwrap_or(now);
        let done = poll_fn(|cx| match steps.poll_next_unpin(cx) {
            Poll::Ready(Some(done)) => Poll::Ready(Some(done)),
            Poll::Ready(None) | Poll::Pending => timer.poll(cx, deadline).map(|()| None),
        });
        match done.await {
            None => {}
            Some(Done::Resolved(resolved)) => websocket.handle_resolved(resolved),
            Some(Done::Attempted(_, Ok(stream))) => {
                websocket.handle_connected(host::now(), host::unix_time());
                return Some(stream);
            }
            Some(Done::Attempted(id, Err(error))) => websocket.handle_attempt_failed(id, error),
        }
    }
}
