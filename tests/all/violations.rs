//! A server that breaks a rule of RFC 6455 after the opening handshake: the connection fails, and
//! the server is told why by a Close frame before the stream ends.

use integration_tests::{
    Authority, Scripted, Stream, assert_failure, close_payload, failure, frame, open, run, runtime,
};
use wasocket::{Error, Event, FailureKind, Options, Step};

/// Asserts that the client fails the connection with this code and reason (RFC 6455, section
/// 7.1.7): a Close frame, and then the end of the stream.
async fn expect_failing(stream: &mut Stream, code: u16, reason: &str) {
    stream
        .expect_frame(0x88, &close_payload(code, reason))
        .await;
    stream.expect_end().await;
}

/// Asserts that a connection fails on `bytes`, with this code and reason.
async fn assert_fails(bytes: &[u8], code: u16, reason: &'static str) {
    let kind = match code {
        1002 => FailureKind::ProtocolError,
        1007 => FailureKind::InvalidUtf8,
        other => panic!("{other}"),
    };
    let bytes = bytes.to_vec();
    let (mut websocket, peer) = open(async move |mut stream| {
        stream.send(&bytes).await;
        expect_failing(&mut stream, code, reason).await;
    })
    .await;
    let text = format!("connection: {reason}");
    assert_failure(&failure(&mut websocket).await, Step::Open, kind, &text);
    peer.finish().await;
}

#[test]
fn masked_frames_fail_with_1002() {
    run(async {
        let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        assert_fails(hello, 1002, "the server masked a frame").await;
        assert_fails(b"\x89\x80\0\0\0\0", 1002, "the server masked a frame").await;
    });
}

#[test]
fn reserved_bits_fail_with_1002() {
    run(async {
        assert_fails(b"\xc1\x00", 1002, "reserved bits are set: 100").await;
        assert_fails(b"\xa1\x00", 1002, "reserved bits are set: 010").await;
        assert_fails(b"\x91\x00", 1002, "reserved bits are set: 001").await;
        assert_fails(b"\xf9\x00", 1002, "reserved bits are set: 111").await;
    });
}

#[test]
fn reserved_opcodes_fail_with_1002() {
    run(async {
        for (first, reason) in [
            (0x83, "the opcode 0x3 is reserved"),
            (0x84, "the opcode 0x4 is reserved"),
            (0x85, "the opcode 0x5 is reserved"),
            (0x86, "the opcode 0x6 is reserved"),
            (0x87, "the opcode 0x7 is reserved"),
            (0x8b, "the opcode 0xb is reserved"),
            (0x8c, "the opcode 0xc is reserved"),
            (0x8d, "the opcode 0xd is reserved"),
            (0x8e, "the opcode 0xe is reserved"),
            (0x8f, "the opcode 0xf is reserved"),
        ] {
            assert_fails(&[first, 0x00], 1002, reason).await;
        }
    });
}

#[test]
fn control_frames_over_125_bytes_fail_with_1002() {
    run(async {
        for first in [0x88, 0x89, 0x8a] {
            let reason = "a control frame is longer than 125 bytes";
            assert_fails(&frame(first, &[0; 126]), 1002, reason).await;
            // On the header alone.
            assert_fails(&[first, 0x7f], 1002, reason).await;
        }
    });
}

#[test]
fn fragmented_control_frames_fail_with_1002() {
    run(async {
        for first in [0x08, 0x09, 0x0a] {
            let reason = "a control frame is fragmented";
            assert_fails(&[first, 0x00], 1002, reason).await;
        }
    });
}

#[test]
fn payload_lengths_in_the_wrong_form_fail_with_1002() {
    run(async {
        let reason = "a payload length is written in more bytes than it needs";
        assert_fails(b"\x82\x7e\x00\x7d", 1002, reason).await;
        assert_fails(b"\x82\x7f\0\0\0\0\0\0\xff\xff", 1002, reason).await;
        let reason = "a payload length is beyond 63 bits";
        assert_fails(b"\x82\x7f\x80\0\0\0\0\0\0\0", 1002, reason).await;
    });
}

#[test]
fn fragments_out_of_order_fail_with_1002() {
    run(async {
        let reason = "a continuation frame continues nothing";
        assert_fails(b"\x80\x01a", 1002, reason).await;
        assert_fails(b"\x00\x01a", 1002, reason).await;
        let reason = "a message starts inside another";
        assert_fails(b"\x01\x01a\x81\x01b", 1002, reason).await;
        assert_fails(b"\x02\x01a\x01\x01b", 1002, reason).await;
    });
}

#[test]
fn a_close_frame_of_one_byte_fails_with_1002() {
    run(async {
        let reason = "a close frame has a payload of one byte";
        assert_fails(b"\x88\x01\x03", 1002, reason).await;
    });
}

#[test]
fn close_codes_that_may_not_be_sent_fail_with_1002() {
    run(async {
        for (code, reason) in [
            (0, "the close code 0 may not be sent"),
            (999, "the close code 999 may not be sent"),
            (1004, "the close code 1004 may not be sent"),
            (1005, "the close code 1005 may not be sent"),
            (1006, "the close code 1006 may not be sent"),
            (1015, "the close code 1015 may not be sent"),
            (1016, "the close code 1016 may not be sent"),
            (2999, "the close code 2999 may not be sent"),
            (5000, "the close code 5000 may not be sent"),
            (65_535, "the close code 65535 may not be sent"),
        ] {
            assert_fails(&frame(0x88, &close_payload(code, "")), 1002, reason).await;
        }
    });
}

#[test]
fn a_close_reason_that_is_not_utf_8_fails_with_1007() {
    run(async {
        let reason = "the reason of a close frame is not UTF-8";
        assert_fails(b"\x88\x04\x03\xe8\xff\xfe", 1007, reason).await;
        assert_fails(b"\x88\x03\x03\xe8\xc3", 1007, reason).await;
    });
}

#[test]
fn text_that_is_not_utf_8_fails_with_1007() {
    run(async {
        for text in [
            &b"\xff\xfe"[..],
            // Overlong, a surrogate, beyond U+10FFFF, cut off.
            b"\xc0\x80",
            b"\xed\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"a\xe4\xb8",
        ] {
            assert_fails(&frame(0x81, text), 1007, "a text message is not UTF-8").await;
        }
    });
}

#[test]
fn text_that_is_not_utf_8_fails_before_its_message_is_complete() {
    run(async {
        assert_fails(b"\x01\x01\xff", 1007, "a text message is not UTF-8").await;
        assert_fails(
            b"\x81\x7e\xff\xffa\xff",
            1007,
            "a text message is not UTF-8",
        )
        .await;
    });
}

#[test]
fn what_came_before_a_violation_is_delivered_and_what_comes_after_is_not() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            let frames = [
                &frame(0x81, b"before"),
                &b"\x83\x00"[..],
                &frame(0x81, b"after"),
            ];
            stream.send(&frames.concat()).await;
            expect_failing(&mut stream, 1002, "the opcode 0x3 is reserved").await;
        })
        .await;
        assert_eq!(
            websocket.event().await,
            Some(Event::Message("before".into()))
        );
        let failure = failure(&mut websocket).await;
        assert_eq!(
            websocket.send("too late").await,
            Err(Error::Failed(failure))
        );
        peer.finish().await;
    });
}

#[test]
fn a_violation_in_the_closing_handshake_is_not_answered_by_a_second_close_frame() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(b"\x83\x00").await;
            stream.expect_end().await;
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        assert_failure(
            &failure(&mut websocket).await,
            Step::Close,
            FailureKind::ProtocolError,
            "closing handshake: the opcode 0x3 is reserved",
        );
        peer.finish().await;
    });
}

#[test]
fn over_tls_the_close_frame_comes_before_close_notify_and_the_end_of_the_stream() {
    run(async {
        let authority = Authority::new();
        let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            stream.accept().await;
            stream.send(b"\xc1\x00").await;
            // The end of the stream is one in order only after close_notify.
            expect_failing(&mut stream, 1002, "reserved bits are set: 100").await;
        })
        .await;
        let options = Options::new().roots(authority.pem());
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        assert_failure(
            &failure(&mut websocket).await,
            Step::Open,
            FailureKind::ProtocolError,
            "connection: reserved bits are set: 100",
        );
        peer.finish().await;
    });
}
