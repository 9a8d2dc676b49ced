//! Messages as streams.

use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use integration_tests::guest_0_3::{Guest, Incoming, run_guest, types};
use integration_tests::{Echo, Scripted, frame};
use types::{CallError, MessageKind, Part, ReadyState};
use wasmtime::component::ResourceAny;

use super::text;

/// Sends these pieces as one message.
async fn send_pieces(
    guest: &Guest<'_>,
    websocket: ResourceAny,
    kind: MessageKind,
    pieces: Vec<Vec<u8>>,
) -> Result<u64, CallError> {
    let (mut sender, payload) = mpsc::channel(0);
    let feed = async {
        for piece in pieces {
            // It fails once the component has what it needs to know.
            let _ = sender.send(piece).await;
        }
        drop(sender);
    };
    let (sent, ()) = tokio::join!(guest.send_stream(websocket, kind, payload), feed);
    sent
}

/// All of a message's payload, and whether it is whole.
async fn collect(message: Incoming) -> (Vec<u8>, bool) {
    let payload: Vec<Vec<u8>> = message.payload.collect().await;
    let is_whole = message.is_whole.await.expect("told");
    (payload.concat(), is_whole)
}

#[test]
fn a_message_goes_out_in_fragments_as_it_comes() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x01, b"Hel").await;
            stream.expect_frame(0x00, b"lo").await;
            stream.expect_frame(0x80, b"").await;
            stream.expect_frame(0x81, b"next").await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let pieces = vec![b"Hel".to_vec(), b"lo".to_vec()];
        let (sent, next) = tokio::join!(
            send_pieces(guest, websocket, MessageKind::Text, pieces),
            guest.send(websocket, "next"),
        );
        assert_eq!((sent, next), (Ok(5), Ok(())));
    });
}

#[test]
fn a_message_longer_than_what_is_kept_goes_both_ways() {
    const LEN: usize = 8 << 20;

    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let pieces: Vec<Vec<u8>> = (0..LEN >> 16)
            .map(|number| vec![u8::try_from(number % 251).expect("a byte"); 1 << 16])
            .collect();
        let expected = pieces.concat();
        let receive = async {
            let message = guest.receive_stream(websocket).await.expect("no error");
            let message = message.expect("a message");
            assert_eq!(message.kind, MessageKind::Binary);
            collect(message).await
        };
        let (sent, (received, is_whole)) = tokio::join!(
            send_pieces(guest, websocket, MessageKind::Binary, pieces),
            receive,
        );
        assert_eq!(sent, Ok(LEN as u64));
        assert!(is_whole);
        assert!(received == expected, "{} bytes", received.len());
    });
}

#[test]
fn messages_of_all_shapes_are_received_as_streams_and_whole_in_turns() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..2 {
                stream.send(&frame(0x81, b"whole")).await;
                stream.send(&frame(0x02, b"frag")).await;
                stream.send(&frame(0x89, b"ping")).await;
                stream.send(&frame(0x80, b"ments")).await;
                stream.send(&frame(0x82, b"")).await;
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        for (kind, payload) in [
            (MessageKind::Text, &b"whole"[..]),
            (MessageKind::Binary, b"fragments"),
            (MessageKind::Binary, b""),
        ] {
            let message = guest.receive_stream(websocket).await.expect("no error");
            let message = message.expect("a message");
            assert_eq!(message.kind, kind);
            assert_eq!(collect(message).await, (payload.to_vec(), true));
        }
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("whole"))));
    });
}

#[test]
fn a_message_that_is_cut_off_is_not_whole() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x02, b"frag")).await;
            stream.until_read().await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let message = guest.receive_stream(websocket).await.expect("no error");
        let message = message.expect("a message");
        assert_eq!(collect(message).await, (b"frag".to_vec(), false));
        assert!(guest.receive(websocket).await.is_err());
    });
}

#[test]
fn what_is_left_of_a_payload_that_is_dropped_is_passed_over() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..64 {
                stream.send(&frame(0x02, &[7; 1 << 16])).await;
                stream.send(&frame(0x80, &[7; 1 << 16])).await;
                stream.send(&frame(0x81, b"next")).await;
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        for _ in 0..64 {
            let message = guest.receive_stream(websocket).await.expect("no error");
            drop(message.expect("a message"));
            assert_eq!(guest.receive(websocket).await, Ok(Some(text("next"))));
        }
    });
}

#[test]
fn text_that_is_not_utf8_ends_the_connection_and_says_so() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x01, b"good").await;
            let (first, payload) = stream.frame().await;
            assert_eq!((first, &payload[..2]), (0x88, &1011_u16.to_be_bytes()[..]));
            stream.send(&frame(0x88, &payload)).await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let pieces = vec![b"good".to_vec(), b"\xFF".to_vec()];
        let Err(CallError::InvalidArgument(argument)) =
            send_pieces(guest, websocket, MessageKind::Text, pieces).await
        else {
            panic!("it was sent");
        };
        assert_eq!(argument.part, Part::Message);
        guest.closed(websocket).await;
        peer.finish().await;
    });
}

#[test]
fn a_stream_is_not_sent_on_a_closed_connection() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        guest.close(websocket, None, None).await.expect("closed");
        let sent = send_pieces(guest, websocket, MessageKind::Text, vec![b"late".to_vec()]).await;
        assert_eq!(sent, Err(CallError::InvalidState(ReadyState::Closed)));
        let message = guest.receive_stream(websocket).await.expect("no error");
        assert!(message.is_none());
    });
}
