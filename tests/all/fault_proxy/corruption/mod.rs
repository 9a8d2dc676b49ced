//! What becomes of a connection when bits of one byte are flipped on the way.
//!
//! Without TLS there is no checksum: a change is noticed where it breaks a rule, and is taken for what
//! the other side sent where it does not. With TLS none is taken.

mod frame;
mod head;
mod record;

use integration_tests::{Action, Direction, Fault, run};

use super::case::{self, Case, Expected};
use super::exchange::{Lab, Scheme, Tls};
use super::layout::{Layout, Phase};
use super::positions;

pub(super) use head::key_expected;

/// The lowest bit: it makes another letter, digit, opcode or length of each.
const LOWEST: u8 = 0x01;

/// The bit by which ASCII's upper and lower case differ: it makes a control character of a digit, a
/// reserved frame of any, and of a length one that is longer than all that follows.
const CASE: u8 = 0x20;

#[test]
fn ws() {
    play(Scheme::Ws);
}

#[test]
fn wss() {
    play(Scheme::Wss(Tls::V1_3));
}

#[test]
fn wss_by_tls_1_2() {
    play(Scheme::Wss(Tls::V1_2));
}

fn play(scheme: Scheme) {
    run(async {
        let lab = Lab::new(scheme).await;
        let cases = cases(scheme, &Layout::of(&lab).await);
        case::play(&lab, &cases, &format!("flipped bits, {scheme:?}")).await;
    });
}

pub(super) fn cases(scheme: Scheme, layout: &Layout) -> Vec<Case> {
    let flips: &[u8] = match scheme {
        Scheme::Ws => &[LOWEST, CASE],
        Scheme::Wss(_) => &[LOWEST],
    };
    let mut cases = Vec::new();
    for direction in [Direction::Up, Direction::Down] {
        for at in positions(scheme, direction, layout.way(direction)) {
            for &bits in flips {
                let name = format!("{bits:#04x} in byte {at} {direction:?}");
                let fault = Fault {
                    direction,
                    at,
                    action: Action::Corrupt(bits),
                };
                let expected = match scheme {
                    Scheme::Ws => plain(layout, fault, bits),
                    Scheme::Wss(tls) => record::expected(tls, layout, fault, bits),
                };
                cases.push(Case::new(name, fault, expected));
            }
        }
    }
    cases
}

fn plain(layout: &Layout, fault: Fault, bits: u8) -> Expected {
    let way = layout.way(fault.direction);
    let phase = way.phase(fault.at);
    let range = way.range(phase);
    let at = fault.at - range.start;
    match (phase, fault.direction) {
        (Phase::Opening, Direction::Up) => head::request(&way.bytes[range], at, bits),
        (Phase::Opening, Direction::Down) => head::answer(&way.bytes[range], at, bits),
        _ => Expected::Told(frame::expected(fault.direction, phase, at, bits)),
    }
}
