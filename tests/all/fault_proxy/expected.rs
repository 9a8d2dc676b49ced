use integration_tests::Action;
use wasocket::{FailureKind, Step, Timeout};

use super::exchange::{CODE, MESSAGE, PING, REASON, Scheme, Told};
use super::layout::Phase;

/// What the application is told if nothing goes wrong.
pub(super) fn success() -> Vec<Told> {
    vec![
        Told::Open,
        Told::Message(MESSAGE.to_owned()),
        Told::Answered(PING.to_owned()),
        Told::Close {
            code: CODE,
            reason: REASON.to_owned(),
            was_clean: true,
        },
    ]
}

/// What the application is told if the connection fails in this phase, in this way. The direction of
/// the bytes does not matter: in one there is no answer because in the other there was no question.
pub(super) fn failing(phase: Phase, kind: FailureKind) -> Vec<Told> {
    let step = match phase {
        Phase::Tls => Step::Tls,
        Phase::Opening => Step::Handshake,
        Phase::Message | Phase::Ping => Step::Open,
        Phase::Closing => Step::Close,
        // Both Close frames were exchanged: nothing is missing.
        Phase::Closed => return success(),
    };
    let before = match phase {
        Phase::Tls | Phase::Opening => 0,
        Phase::Message => 1,
        Phase::Ping => 2,
        Phase::Closing | Phase::Closed => 3,
    };
    let mut told = success();
    told.truncate(before);
    told.push(Told::Error(step, kind));
    // Connecting returns the error, in place of a connection that would have events.
    if before > 0 {
        told.push(abnormal_closure());
    }
    told
}

/// The end of a connection without a Close frame of the server (RFC 6455, section 7.1.5).
pub(super) fn abnormal_closure() -> Told {
    Told::Close {
        code: 1006,
        reason: String::new(),
        was_clean: false,
    }
}

/// What the application is told if this is done in this phase.
pub(super) fn expected(scheme: Scheme, phase: Phase, action: Action) -> Vec<Told> {
    match action {
        Action::Watch | Action::Delay(_) | Action::Split => success(),
        Action::Reset => failing(phase, FailureKind::ConnectionLost),
        Action::HalfClose | Action::Kill => failing(phase, ended(scheme, phase)),
        Action::Stall => failing(phase, FailureKind::Timeout(timeout(phase))),
        Action::Corrupt(_) => unreachable!("it depends on the byte"),
    }
}

/// How an end of the stream is told that comes in this phase.
pub(super) fn ended(scheme: Scheme, phase: Phase) -> FailureKind {
    match (scheme, phase) {
        // From the handshake on there is a way to end TLS that cannot be forged.
        (Scheme::Wss(_), phase) if phase > Phase::Tls => FailureKind::TlsTruncated,
        (Scheme::Ws | Scheme::Wss(_), _) => FailureKind::ConnectionEnded,
    }
}

/// The timeout that bounds this phase. In those of messages that is the one of a ping.
pub(super) fn timeout(phase: Phase) -> Timeout {
    match phase {
        Phase::Tls | Phase::Opening => Timeout::Connect,
        Phase::Message | Phase::Ping => Timeout::Pong,
        Phase::Closing | Phase::Closed => Timeout::Close,
    }
}
