//! One fault of the network at one byte of an exchange with a real server, for every byte of it, and
//! what the application is told.
//!
//! The exchange has all that a connection has: the TLS handshake, the opening handshake, a message
//! and its echo, a ping and its pong, and the closing handshake. Each step of it starts after the one
//! before is done, so that the position of a byte says what came before it, and what the application
//! has to be told follows from the phase in which the fault falls.

mod case;
mod corruption;
mod exchange;
mod expected;
mod layout;

use std::collections::HashSet;
use std::env::VarError;
use std::io::{self, Write};

use integration_tests::{Action, Direction, Fault, run, scaled};

use case::{Case, Expected};
use exchange::{Lab, Scheme, Tls};
use expected::{expected, timeout};
use layout::{Layout, Phase, RECORD_HEADER_LEN, Way};

/// Beneath TLS, of which bytes of a record faults are at, unless [`at_every_byte`]: those of the
/// header and as many after it, the last, and every 32nd of all that pass. What is between them is
/// ciphertext like they are.
const FIRST_BYTES: usize = 2;
const STRIDE: usize = 32;

/// How long a byte is held back, in milliseconds: longer than what it is waited for takes, and
/// shorter than any timeout.
const DELAY: u64 = 20;

/// Of the bytes of the exchange over `ws`, all but the digits of the port in the request.
const BYTES_WITHOUT_PORT: usize = 402;

/// As many cases there are over `wss` with each version of TLS at least; signatures and with them
/// certificates vary.
const MIN_WSS_CASES: usize = 950;

/// What is done at each byte, but for flipping its bits.
const ACTIONS: [fn() -> Action; 5] = [
    || Action::Reset,
    || Action::Stall,
    || Action::HalfClose,
    || Action::Kill,
    || Action::Delay(scaled(DELAY)),
];

/// Makes a test of each of these faults, over `ws`, and over `wss` with each version of TLS.
macro_rules! at_each_byte {
    ($($name:ident: $action:expr,)+) => {
        $(
            mod $name {
                use super::{ACTIONS, Scheme, Tls, play};

                #[test]
                fn ws() {
                    play(Scheme::Ws, ACTIONS[$action]());
                }

                #[test]
                fn wss() {
                    play(Scheme::Wss(Tls::V1_3), ACTIONS[$action]());
                }

                #[test]
                fn wss_by_tls_1_2() {
                    play(Scheme::Wss(Tls::V1_2), ACTIONS[$action]());
                }
            }
        )+
    };
}

at_each_byte! {
    a_reset: 0,
    a_stall: 1,
    a_half_close: 2,
    the_end_of_the_server: 3,
    a_delay: 4,
}

fn play(scheme: Scheme, action: Action) {
    run(async {
        let lab = Lab::new(scheme).await;
        let cases = cases(scheme, &Layout::of(&lab).await, action);
        case::play(&lab, &cases, &format!("{action:?}, {scheme:?}")).await;
    });
}

#[test]
fn single_bytes_are_as_good_as_whole_writes() {
    run(async {
        for scheme in Scheme::ALL {
            let lab = Lab::new(scheme).await;
            let layout = Layout::of(&lab).await;
            let cases = [Direction::Up, Direction::Down].map(|direction| {
                let action = Action::Split;
                let at = match (scheme, direction) {
                    // The server takes a request in so many pieces for an attack.
                    (Scheme::Ws, Direction::Up) => layout.up.range(Phase::Message).start,
                    _ => 0,
                };
                let fault = Fault {
                    direction,
                    at,
                    action,
                };
                let name = format!("{action:?} {direction:?}, {scheme:?}");
                let expected = expected(scheme, Phase::Tls, action);
                Case::new(name, fault, Expected::Told(expected))
            });
            case::play(&lab, &cases, &format!("single bytes, {scheme:?}")).await;
        }
    });
}

#[test]
fn no_case_is_lost_and_no_two_have_one_name() {
    run(async {
        let lab = Lab::new(Scheme::Ws).await;
        let layout = Layout::of(&lab).await;
        let bytes = BYTES_WITHOUT_PORT + layout.port_len();
        // Two bits of each byte are flipped, and three of the faults are at the server's end, too.
        let count = all_cases(Scheme::Ws, &layout);
        assert_eq!(count, (ACTIONS.len() + 2) * bytes + 3);
        report(&format!("{count} cases, {:?}", Scheme::Ws));
        for scheme in [Tls::V1_2, Tls::V1_3].map(Scheme::Wss) {
            let lab = Lab::new(scheme).await;
            let count = all_cases(scheme, &Layout::of(&lab).await);
            assert!(count >= MIN_WSS_CASES, "{count}, {scheme:?}");
            report(&format!("{count} cases, {scheme:?}"));
        }
    });
}

/// How many cases there are of one scheme.
fn all_cases(scheme: Scheme, layout: &Layout) -> usize {
    let mut cases = corruption::cases(scheme, layout);
    for action in ACTIONS {
        cases.extend(self::cases(scheme, layout, action()));
    }
    let names: HashSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len());
    cases.len()
}

fn cases(scheme: Scheme, layout: &Layout, action: Action) -> Vec<Case> {
    let mut cases = Vec::new();
    for direction in [Direction::Up, Direction::Down] {
        let way = layout.way(direction);
        let mut positions = positions(scheme, direction, way);
        // The server ends there by itself.
        let is_end = matches!(action, Action::HalfClose | Action::Kill);
        if direction == Direction::Down && !is_end {
            positions.push(way.bytes.len());
        }
        for at in positions {
            let phase = way.phase(at);
            let name = format!("{action:?} at byte {at} {direction:?} ({phase:?})");
            let fault = Fault {
                direction,
                at,
                action,
            };
            let expected = Expected::Told(expected(scheme, phase, action));
            let mut case = Case::new(name, fault, expected);
            if action == Action::Stall {
                case.timeout = Some(timeout(phase));
            }
            cases.push(case);
        }
    }
    cases
}

/// Where faults are: at each byte, or beneath TLS at some.
fn positions(scheme: Scheme, direction: Direction, way: &Way) -> Vec<usize> {
    // What the client sends after its Close frame it sends when it has told of the end.
    let end = match direction {
        Direction::Up => way.range(Phase::Closing).end,
        Direction::Down => way.bytes.len(),
    };
    match scheme {
        Scheme::Ws => (0..end).collect(),
        Scheme::Wss(_) if at_every_byte() => (0..end).collect(),
        Scheme::Wss(_) => (0..end).filter(|&at| is_sampled(way, at)).collect(),
    }
}

/// Whether faults are at each byte beneath TLS too, which takes minutes: if the environment variable
/// `WASOCKET_TEST_EVERY_BYTE` is 1.
fn at_every_byte() -> bool {
    match std::env::var("WASOCKET_TEST_EVERY_BYTE").as_deref() {
        Ok("1") => true,
        Ok("0") | Err(VarError::NotPresent) => false,
        other => panic!("WASOCKET_TEST_EVERY_BYTE is 0 or 1, not {other:?}"),
    }
}

fn is_sampled(way: &Way, at: usize) -> bool {
    let is_first = way.records.iter().any(|&start| {
        (start..start + RECORD_HEADER_LEN + FIRST_BYTES).contains(&at) || at + 1 == start
    });
    is_first || at.is_multiple_of(STRIDE)
}

/// Shows a line of a test that passes, which `println!` does not.
fn report(line: &str) {
    let line = format!("faults: {line}\n");
    io::stdout().write_all(line.as_bytes()).expect("an output");
}
