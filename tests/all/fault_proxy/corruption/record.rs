use std::ops::Range;

use integration_tests::{Direction, Fault};
use wasocket::FailureKind;

use super::LOWEST;
use crate::fault_proxy::case::Expected;
use crate::fault_proxy::exchange::{Scheme, Tls, Told};
use crate::fault_proxy::expected::{ended, failing, success, timeout};
use crate::fault_proxy::layout::{Layout, Phase, RECORD_HEADER_LEN, Way};

/// The types of records (RFC 8446, section 5.1). With TLS 1.3 the last has all that is encrypted.
const CHANGE_CIPHER_SPEC: u8 = 0x14;
const HANDSHAKE: u8 = 0x16;
const APPLICATION_DATA: u8 = 0x17;

/// What precedes the body of a handshake message: its type, and its length in three bytes.
const MESSAGE_HEADER_LEN: usize = 4;

/// In the record of a ClientKeyExchange, the lengths of the message and of the key.
const KEY_EXCHANGE_LENS: Range<usize> = RECORD_HEADER_LEN + 1..RECORD_HEADER_LEN + 5;

/// The longest handshake message that rustls takes.
const MAX_MESSAGE_LEN: usize = 0xffff;

/// The alert `bad_record_mac`.
const BAD_RECORD_MAC: u8 = 20;

/// What is told if bits of this byte beneath TLS are flipped. Never a message that was not sent.
pub(super) fn expected(tls: Tls, layout: &Layout, fault: Fault, bits: u8) -> Expected {
    let way = layout.way(fault.direction);
    let phase = way.phase(fault.at);
    let index = way.records.partition_point(|&start| start <= fault.at) - 1;
    let (start, end) = (way.records[index], way.records[index + 1]);
    let failed = Expected::TlsFailure(failing(phase, FailureKind::TlsFailed));
    let is_encrypted = is_encrypted(way, index);
    // Nothing follows these before the other side has answered: the ClientHello, and with TLS 1.2 the
    // answer.
    let is_hello = index == 0 && fault.direction == Direction::Up;
    let is_flight = is_hello || index == 0 && tls == Tls::V1_2;
    match fault.at - start {
        // Beneath TLS 1.3 rustls, which both sides have, does not look at it once it has keys: what
        // the record is stands inside, and is unchanged.
        0 if tls == Tls::V1_3 && way.bytes[start] == APPLICATION_DATA && bits == LOWEST => {
            Expected::Told(success())
        }
        // RFC 8446, section 5.1: legacy_record_version "MUST be ignored for all purposes". Its
        // first byte is not, by either side. With TLS 1.2 what is encrypted depends on it.
        2 if !(tls == Tls::V1_2 && is_encrypted) => Expected::Told(success()),
        0 | 1 => failed,
        offset @ (3 | 4) => {
            let mut len = [way.bytes[start + 3], way.bytes[start + 4]];
            len[offset - 3] ^= bits;
            let new_end = start + RECORD_HEADER_LEN + usize::from(u16::from_be_bytes(len));
            let arriving = if is_flight {
                end
            } else {
                arriving(layout, fault.direction, phase)
            };
            // What is left over of the ClientHello may be no whole header.
            let is_waited_for = new_end > arriving
                || is_hello && (end - RECORD_HEADER_LEN + 1..end).contains(&new_end);
            if is_waited_for {
                Expected::Told(silence(tls, fault.direction, phase))
            } else {
                failed
            }
        }
        _ if is_encrypted => Expected::Told(match fault.direction {
            Direction::Down => failing(phase, FailureKind::TlsFailed),
            Direction::Up => failing(phase, FailureKind::TlsAlert(BAD_RECORD_MAC)),
        }),
        // rustls sends no alert if these are wrong, nor if a message is too long.
        offset
            if tls == Tls::V1_2
                && (fault.direction, index) == (Direction::Up, 1)
                && KEY_EXCHANGE_LENS.contains(&offset) =>
        {
            Expected::Told(failing(phase, ended(Scheme::Wss(tls), phase)))
        }
        _ => match message_len(way, index, fault.at, bits) {
            Some((_, len)) if len > MAX_MESSAGE_LEN && fault.direction == Direction::Up => {
                Expected::Told(failing(phase, ended(Scheme::Wss(tls), phase)))
            }
            Some((start, len)) if len <= MAX_MESSAGE_LEN && is_flight && start + len > end => {
                Expected::Told(silence(tls, fault.direction, phase))
            }
            _ if is_hello && tls == Tls::V1_2 => {
                Expected::HelloRefused(failing(phase, FailureKind::TlsFailed))
            }
            _ => failed,
        },
    }
}

/// Whether this record is encrypted: what follows ChangeCipherSpec, which with TLS 1.3 means nothing,
/// and is sent where keys are taken into use all the same (RFC 8446, section D.4).
fn is_encrypted(way: &Way, index: usize) -> bool {
    let before = &way.records[..index];
    before
        .iter()
        .any(|&start| way.bytes[start] == CHANGE_CIPHER_SPEC)
}

/// If this byte is one of the length of a handshake message, in a record that is not encrypted: where
/// the body of the message starts, and how long it is with these bits flipped.
fn message_len(way: &Way, index: usize, at: usize, bits: u8) -> Option<(usize, usize)> {
    let (start, end) = (way.records[index], way.records[index + 1]);
    if way.bytes[start] != HANDSHAKE {
        return None;
    }
    let mut message = start + RECORD_HEADER_LEN;
    while message < end {
        let body = message + MESSAGE_HEADER_LEN;
        let mut header = [0; MESSAGE_HEADER_LEN];
        header.copy_from_slice(&way.bytes[message..body]);
        let len_of = |[_, high, middle, low]: [u8; MESSAGE_HEADER_LEN]| {
            u32::from_be_bytes([0, high, middle, low]) as usize
        };
        let next = body + len_of(header);
        if (message + 1..body).contains(&at) {
            header[at - message] ^= bits;
            return Some((body, len_of(header)));
        }
        message = next;
    }
    None
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
fn silence(tls: Tls, direction: Direction, phase: Phase) -> Vec<Told> {
    match (direction, phase) {
        // The server takes its answer for given, and ends the stream.
        (Direction::Down, Phase::Closing) => failing(phase, ended(Scheme::Wss(tls), phase)),
        _ => failing(phase, FailureKind::Timeout(timeout(phase))),
    }
}
