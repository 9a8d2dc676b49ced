//! Clients whose two directions can be had apart.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// The direction of a connection that sends.
pub(super) trait Sending: Send + 'static {
    fn send(&mut self, payload: &[u8]) -> impl Future<Output = ()> + Send;
}

/// The direction of a connection that receives.
pub(super) trait Receiving: Send {
    fn receive(&mut self) -> impl Future<Output = Vec<u8>> + Send;
}

/// [`Client::in_flight`](super::work::Client::in_flight) by two tasks, one for each direction.
pub(super) async fn in_flight_by_halves(
    (mut tx, mut rx): (impl Sending, impl Receiving),
    messages: Vec<Vec<u8>>,
    window: usize,
    count: usize,
) {
    let messages = Arc::new(messages);
    let window = Arc::new(Semaphore::new(window));
    let sender = tokio::spawn({
        let (messages, window) = (messages.clone(), window.clone());
        async move {
            for payload in messages.iter().cycle().take(count) {
                window.acquire().await.expect("open").forget();
                tx.send(payload).await;
            }
            tx
        }
    });
    for payload in messages.iter().cycle().take(count) {
        assert_eq!(rx.receive().await, *payload);
        window.add_permits(1);
    }
    sender.await.expect("the sender");
}
