use integration_tests::{Direction, Fault};
use wasocket::FailureKind;

use super::LOWEST;
use crate::fault_proxy::case::Expected;
use crate::fault_proxy::exchange::{Scheme, Told};
use crate::fault_proxy::expected::{ended, failing, success, timeout};
use crate::fault_proxy::layout::{Layout, Phase, RECORD_HEADER_LEN};

/// The type of a record whose content is encrypted (RFC 8446, section 5.2).
const APPLICATION_DATA: u8 = 0x17;

/// Where the length of the ClientHello starts: after its type.
const HELLO_LEN_AT: usize = RECORD_HEADER_LEN + 1;

/// The alert `bad_record_mac`.
const BAD_RECORD_MAC: u8 = 20;

/// What is told if bits of this byte beneath TLS are flipped. Never a message that was not sent.
pub(super) fn expected(layout: &Layout, fault: Fault, bits: u8) -> Expected {
    let way = layout.way(fault.direction);
    let phase = way.phase(fault.at);
    let index = way.records.partition_point(|&start| start <= fault.at) - 1;
    let (start, end) = (way.records[index], way.records[index + 1]);
    let failed = Expected::TlsFailure(failing(phase, FailureKind::TlsFailed));
    let is_hello = fault.direction == Direction::Up && index == 0;
    match fault.at - start {
        // Beneath TLS 1.3 rustls, which both sides have, does not look at it once it has keys: what
        // the record is stands inside, and is unchanged.
        0 if way.bytes[start] == APPLICATION_DATA && bits == LOWEST => Expected::Told(success()),
        // RFC 8446, section 5.1: legacy_record_version "MUST be ignored for all purposes". Its
        // first byte is not, by either side.
        2 => Expected::Told(success()),
        0 | 1 => failed,
        offset @ (3 | 4) => {
            let mut len = [way.bytes[start + 3], way.bytes[start + 4]];
            len[offset - 3] ^= bits;
            let new_end = start + RECORD_HEADER_LEN + usize::from(u16::from_be_bytes(len));
            // What is left over of the ClientHello may be no whole header.
            let is_waited_for = new_end > arriving(layout, fault.direction, phase)
                || is_hello && (end - RECORD_HEADER_LEN + 1..end).contains(&new_end);
            if is_waited_for {
                Expected::Told(silence(fault.direction, phase))
            } else {
                failed
            }
        }
        // The length of the ClientHello is beyond all that rustls takes, which then sends no alert.
        HELLO_LEN_AT if is_hello => Expected::Told(failing(phase, ended(Scheme::Wss, phase))),
        _ => match (fault.direction, way.bytes[start]) {
            (Direction::Down, _) => Expected::Told(failing(phase, FailureKind::TlsFailed)),
            (Direction::Up, APPLICATION_DATA) => {
                Expected::Told(failing(phase, FailureKind::TlsAlert(BAD_RECORD_MAC)))
            }
            (Direction::Up, _) => failed,
        },
    }
}

/// Where what arrives ends while this phase is waited for.
fn arriving(layout: &Layout, direction: Direction, phase: Phase) -> usize {
    match phase {
        // When no message comes, there is a ping.
        Phase::Message => layout.way(direction).range(Phase::Ping).end,
        phase => layout.way(direction).range(phase).end,
    }
}

/// What is told if the rest of a record is waited for.
fn silence(direction: Direction, phase: Phase) -> Vec<Told> {
    match (direction, phase) {
        // The server takes its answer for given, and ends the stream.
        (Direction::Down, Phase::Closing) => failing(phase, ended(Scheme::Wss, phase)),
        _ => failing(phase, FailureKind::Timeout(timeout(phase))),
    }
}
