//! What a call does, and when it completes.

use futures_util::future::join_all;
use integration_tests::guest_0_3::{run_guest, types};
use integration_tests::{Authority, ClosedPort, Echo, Scripted, frame};
use types::{
    CallError, CertificateProblem, ConnectError, ErrorCode, Event, Message, Part, ReadyState, Step,
};

use super::{quiet, text};

#[test]
fn messages_of_both_kinds_come_back() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        for message in [
            text("hello"),
            text(""),
            Message::Binary(vec![0, 255]),
            Message::Binary(Vec::new()),
            Message::Binary(vec![7; 1 << 20]),
        ] {
            assert_eq!(guest.send_message(websocket, message.clone()).await, Ok(()));
            assert_eq!(guest.receive(websocket).await, Ok(Some(message)));
        }
    });
}

#[test]
fn messages_come_back_over_tls() {
    run_guest(async |guest| {
        let authority = Authority::new();
        let echo = Echo::start_tls(&authority.issue()).await;
        let options = guest.options_with_roots(&authority.pem()).await;
        let connected = guest.connect(&echo.url(), Some(options)).await;
        let websocket = connected.expect("an open connection");
        for message in [text("hello"), Message::Binary(vec![7; 1 << 20])] {
            assert_eq!(guest.send_message(websocket, message.clone()).await, Ok(()));
            assert_eq!(guest.receive(websocket).await, Ok(Some(message)));
        }
        let closed = guest.close(websocket, None, None).await.expect("closed");
        assert_eq!((closed.code, closed.was_clean), (1000, true));
    });
}

#[test]
fn calls_in_flight_complete_in_their_order() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let texts: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let sends = join_all(texts.iter().map(|text| guest.send(websocket, text)));
        let receives = join_all(texts.iter().map(|_| guest.receive(websocket)));
        let (sent, received) = tokio::join!(sends, receives);
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
        let expected: Vec<_> = texts.iter().map(|it| Ok(Some(text(it)))).collect();
        assert_eq!(received, expected);
    });
}

#[test]
fn messages_that_are_sent_together_come_back_in_order() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let messages: Vec<Message> = (0..200).map(|number| text(&number.to_string())).collect();
        let sends = [
            guest.send_all(websocket, messages.clone()),
            guest.send_all(websocket, vec![Message::Binary(vec![7; 1 << 20])]),
            guest.send_all(websocket, Vec::new()),
            guest.send_all(websocket, vec![text("last")]),
        ];
        let receives = async {
            for message in messages {
                assert_eq!(guest.receive(websocket).await, Ok(Some(message)));
            }
            let large = Message::Binary(vec![7; 1 << 20]);
            assert_eq!(guest.receive(websocket).await, Ok(Some(large)));
            assert_eq!(guest.receive(websocket).await, Ok(Some(text("last"))));
        };
        let (sent, ()) = tokio::join!(join_all(sends), receives);
        assert_eq!(sent, [Ok(()), Ok(()), Ok(()), Ok(())]);
        let closed = guest.close(websocket, None, None).await;
        assert!(closed.is_ok(), "{closed:?}");
        let sent = guest.send_all(websocket, vec![text("late")]).await;
        let closed = CallError::InvalidState(ReadyState::Closed);
        assert_eq!(sent, Err(closed));
    });
}

#[test]
fn websockets_of_one_instance_do_not_wait_for_each_other() {
    run_guest(async |guest| {
        let (silent, echo) = (quiet().await, Echo::start().await);
        let waiting = guest.open(&silent.url()).await;
        let busy = guest.open(&echo.url()).await;
        let work = async {
            for _ in 0..10 {
                assert_eq!(guest.send(busy, "hello").await, Ok(()));
                assert_eq!(guest.receive(busy).await, Ok(Some(text("hello"))));
            }
        };
        tokio::select! {
            received = guest.receive(waiting) => panic!("{received:?}"),
            () = work => {}
        }
    });
}

#[test]
fn a_ping_completes_with_its_pong() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let payloads: [&[u8]; 3] = [b"", b"there?", &[7; 125]];
        let pings = payloads.map(|payload| guest.ping(websocket, payload));
        for (pong, payload) in join_all(pings).await.into_iter().zip(payloads) {
            let pong = pong.expect("a pong");
            assert_eq!(pong.payload, payload);
            assert!(pong.round_trip > 0);
        }
    });
}

#[test]
fn a_ping_that_is_too_long_is_refused() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let Err(CallError::InvalidArgument(argument)) = guest.ping(websocket, &[7; 126]).await
        else {
            panic!("it was not refused");
        };
        assert_eq!(argument.part, Part::PingPayload);
        assert_eq!(guest.send(websocket, "still here").await, Ok(()));
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("still here"))));
    });
}

#[test]
fn events_are_told_in_their_order_and_at_once() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let frames = [
                frame(0x81, b"one"),
                frame(0x89, b"ping"),
                frame(0x8A, b"pong"),
                frame(0x82, b"two"),
            ];
            stream.send(&frames.concat()).await;
            stream.expect_frame(0x8A, b"ping").await;
            stream.expect_frame(0x81, b"done").await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let mut events = Vec::new();
        while events.len() < 4 {
            events.extend(guest.events(websocket).await);
        }
        let expected = [
            Event::Message(text("one")),
            Event::Ping(b"ping".to_vec()),
            Event::Pong(b"pong".to_vec()),
            Event::Message(Message::Binary(b"two".to_vec())),
        ];
        assert_eq!(events, expected);
        assert_eq!(guest.send(websocket, "done").await, Ok(()));
    });
}

#[test]
fn what_the_server_answered_is_told() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let opened = guest.opened(websocket).await;
        let mut names = opened.headers.iter().map(|header| header.name.as_str());
        assert!(names.any(|name| name.eq_ignore_ascii_case("sec-websocket-accept")));
        assert_eq!(guest.ready_state(websocket).await, ReadyState::Open);
        assert_eq!(guest.buffered_amount(websocket).await, 0);
    });
}

#[test]
fn a_connection_that_cannot_be_opened_says_why() {
    run_guest(async |guest| {
        let refused = ClosedPort::take();
        let url = format!("ws://{}/", refused.address());
        let Err(ConnectError::Failed(error)) = guest.connect(&url, None).await else {
            panic!("it was opened");
        };
        assert_eq!(error.step, Step::Connect);
        assert_eq!(error.code, ErrorCode::ConnectionRefused);

        let echo = Echo::start_tls(&Authority::new().issue()).await;
        let Err(ConnectError::Failed(error)) = guest.connect(&echo.url(), None).await else {
            panic!("it was opened");
        };
        assert_eq!(error.step, Step::Tls);
        let unknown = ErrorCode::Certificate(CertificateProblem::UnknownIssuer);
        assert_eq!(error.code, unknown);
    });
}

#[test]
fn a_url_that_cannot_be_used_is_refused() {
    run_guest(async |guest| {
        let Err(ConnectError::InvalidArgument(argument)) =
            guest.connect("http://localhost/", None).await
        else {
            panic!("it was not refused");
        };
        assert_eq!(argument.part, Part::Scheme);
    });
}
