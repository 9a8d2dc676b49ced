use integration_tests::{Direction, close_payload};
use wasocket::{FailureKind, Timeout};

use super::LOWEST;
use crate::fault_proxy::exchange::{CODE, MESSAGE, PING, REASON, Told};
use crate::fault_proxy::expected::{failing, success};
use crate::fault_proxy::layout::Phase;

/// What a byte of a frame is (RFC 6455, section 5.2). All frames here are short.
#[derive(Clone, Copy)]
enum Part {
    /// FIN, reserved bits and opcode.
    First,
    /// MASK and payload length.
    Len,
    MaskingKey(usize),
    Payload(usize),
}

impl Part {
    fn of(direction: Direction, at: usize) -> Self {
        match (direction, at) {
            (_, 0) => Self::First,
            (_, 1) => Self::Len,
            (Direction::Up, 2..6) => Self::MaskingKey(at - 2),
            (Direction::Up, _) => Self::Payload(at - 6),
            (Direction::Down, _) => Self::Payload(at - 2),
        }
    }

    /// What the receiver takes for the payload.
    fn change(self, payload: &[u8], bits: u8) -> Vec<u8> {
        let mut payload = payload.to_owned();
        match self {
            Self::First | Self::Len => {}
            Self::MaskingKey(at) => {
                for octet in payload.iter_mut().skip(at).step_by(4) {
                    *octet ^= bits;
                }
            }
            Self::Payload(at) => payload[at] ^= bits,
        }
        payload
    }
}

/// What is told if bits of the byte at this position of the frame of this phase are flipped.
///
/// The server ends the stream if the client breaks a rule, and sends no Close frame.
pub(super) fn expected(direction: Direction, phase: Phase, at: usize, bits: u8) -> Vec<Told> {
    let part = Part::of(direction, at);
    let violation = match direction {
        Direction::Up => FailureKind::ConnectionEnded,
        Direction::Down => FailureKind::ProtocolError,
    };
    match phase {
        Phase::Message => message(direction, part, bits, violation),
        Phase::Ping => ping(direction, part, bits, violation),
        Phase::Closing => close(direction, part, bits, violation),
        Phase::Tls | Phase::Opening | Phase::Closed => panic!("{phase:?} has no frames"),
    }
}

fn message(direction: Direction, part: Part, bits: u8, violation: FailureKind) -> Vec<Told> {
    match part {
        // A continuation of nothing, or a reserved bit.
        Part::First => failing(Phase::Message, violation),
        // One byte less, which is taken for the start of the next frame.
        Part::Len if bits == LOWEST => {
            let mut told = failing(Phase::Ping, violation);
            told[1] = Told::Message(MESSAGE[..MESSAGE.len() - 1].to_owned());
            told
        }
        Part::Len => failing(
            Phase::Message,
            match direction {
                Direction::Up => FailureKind::Timeout(Timeout::Pong),
                // The pong is taken for more of the text.
                Direction::Down => FailureKind::InvalidUtf8,
            },
        ),
        Part::MaskingKey(_) | Part::Payload(_) => {
            let changed = part.change(MESSAGE.as_bytes(), bits);
            let mut told = success();
            told[1] = Told::Message(String::from_utf8(changed).expect("ASCII"));
            told
        }
    }
}

fn ping(direction: Direction, part: Part, bits: u8, violation: FailureKind) -> Vec<Told> {
    let unanswered = failing(Phase::Ping, FailureKind::Timeout(Timeout::Pong));
    match (part, direction) {
        // A Close frame, whose code is none.
        (Part::First, Direction::Up) if bits == LOWEST => {
            let mut told = failing(Phase::Ping, violation);
            told.truncate(2);
            told.push(refused_close());
            told
        }
        // A reserved opcode, or a reserved bit.
        (Part::First, _) => failing(Phase::Ping, violation),
        (Part::Len, _) => unanswered,
        (Part::MaskingKey(_) | Part::Payload(_), _) => {
            with(unanswered, 2, Told::Pong(part.change(PING, bits)))
        }
    }
}

fn close(direction: Direction, part: Part, bits: u8, violation: FailureKind) -> Vec<Told> {
    let payload = part.change(&close_payload(CODE, REASON), bits);
    let unanswered = match direction {
        Direction::Up => failing(Phase::Closing, FailureKind::Timeout(Timeout::Close)),
        // The server takes its answer for given, and ends the stream.
        Direction::Down => failing(Phase::Closing, FailureKind::ConnectionEnded),
    };
    match (part, direction) {
        // A ping.
        (Part::First, Direction::Up) if bits == LOWEST => with(unanswered, 3, Told::Pong(payload)),
        (Part::First, Direction::Down) if bits == LOWEST => {
            with(unanswered, 3, Told::Ping(payload))
        }
        (Part::First, _) => failing(Phase::Closing, violation),
        (Part::Len, _) => unanswered,
        (Part::MaskingKey(_) | Part::Payload(_), _) => {
            let (code, reason) = payload.split_first_chunk().expect("a code");
            let code = u16::from_be_bytes(*code);
            let is_allowed = matches!(code, 1000..=1003);
            let mut told = success();
            told[3] = match direction {
                _ if is_allowed => Told::Close {
                    code,
                    reason: str::from_utf8(reason).expect("ASCII").to_owned(),
                    was_clean: true,
                },
                Direction::Up => refused_close(),
                Direction::Down => return failing(Phase::Closing, FailureKind::ProtocolError),
            };
            told
        }
    }
}

/// How the server answers a Close frame whose code is none.
fn refused_close() -> Told {
    Told::Close {
        code: 1002,
        reason: "Protocol violation".to_owned(),
        was_clean: true,
    }
}

fn with(mut told: Vec<Told>, at: usize, event: Told) -> Vec<Told> {
    told.insert(at, event);
    told
}
