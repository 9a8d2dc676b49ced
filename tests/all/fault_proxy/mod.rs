//! One fault of the network at one byte of an exchange with a real server, for every byte of it, and
//! what the application is told.
//!
//! The exchange has all that a connection has: the TLS handshake, the opening handshake, a message
//! and its echo, a ping and its pong, and the closing handshake. Each step of it starts after the one
//! before is done, so that the position of a byte says what came before it, and what the application
//! has to be told follows from the phase in which the fault falls.

mod case;
mod exchange;
mod expected;
mod layout;

use std::io::{self, Write};
use std::time::Duration;

use integration_tests::{Action, Direction, Fault, run, scaled};

use case::{Case, Expected};
use exchange::{Lab, Scheme};
use expected::{expected, timeout};
use layout::{Layout, Phase, RECORD_HEADER_LEN, Way};

/// Beneath TLS, of which bytes of a record faults are at: those of the header and as many after it,
/// the last, and every 32nd of all that pass. What is between them is ciphertext like they are.
const FIRST_BYTES: usize = 2;
const STRIDE: usize = 32;

/// How long a byte is held back, in milliseconds: longer than what it is waited for takes, and
/// shorter than any timeout.
const DELAY: u64 = 20;

/// Makes a test of each of these faults, over `ws` and over `wss`.
macro_rules! at_each_byte {
    ($($name:ident: $action:expr,)+) => {
        $(
            mod $name {
                #[test]
                fn ws() {
                    super::play_at_each_byte(super::Scheme::Ws, $action);
                }

                #[test]
                fn wss() {
                    super::play_at_each_byte(super::Scheme::Wss, $action);
                }
            }
        )+
    };
}

at_each_byte! {
    a_reset: super::Action::Reset,
    a_stall: super::Action::Stall,
    a_half_close: super::Action::HalfClose,
    a_delay: super::Action::Delay(super::delay()),
    the_end_of_the_server: super::Action::Kill,
}

fn delay() -> Duration {
    scaled(DELAY)
}

fn play_at_each_byte(scheme: Scheme, action: Action) {
    run(async {
        let lab = Lab::new(scheme).await;
        let layout = Layout::of(&lab).await;
        let mut cases = Vec::new();
        for direction in [Direction::Up, Direction::Down] {
            let way = layout.way(direction);
            for at in positions(scheme, direction, way, action) {
                let phase = way.phase(at);
                cases.push(Case {
                    name: format!("{action:?} at byte {at} {direction:?} ({phase:?})"),
                    fault: Fault {
                        direction,
                        at,
                        action,
                    },
                    expected: Expected::Told(expected(scheme, phase, action)),
                    timeout: (action == Action::Stall).then(|| timeout(phase)),
                });
            }
        }
        let count = case::play(&lab, &cases).await;
        assert_eq!(count, cases.len());
        report(&format!("{action:?}, {scheme:?}: {count} cases"));
    });
}

/// Where faults are: at each byte, or beneath TLS at some, and at the end of what the server sends.
fn positions(scheme: Scheme, direction: Direction, way: &Way, action: Action) -> Vec<usize> {
    // What the client sends after its Close frame it sends when it has told of the end.
    let end = match direction {
        Direction::Up => way.range(Phase::Closing).end,
        Direction::Down => way.bytes.len(),
    };
    let mut positions: Vec<usize> = match scheme {
        Scheme::Ws => (0..end).collect(),
        Scheme::Wss => (0..end).filter(|&at| is_sampled(way, at)).collect(),
    };
    // The server ends there by itself.
    let ends = matches!(action, Action::HalfClose | Action::Kill);
    if direction == Direction::Down && !ends {
        positions.push(end);
    }
    positions
}

fn is_sampled(way: &Way, at: usize) -> bool {
    let is_first = way.records.iter().any(|&start| {
        (start..start + RECORD_HEADER_LEN + FIRST_BYTES).contains(&at) || at + 1 == start
    });
    is_first || at % STRIDE == 0
}

/// Shows a line of a test that passes, which `println!` does not.
fn report(line: &str) {
    let line = format!("faults: {line}\n");
    io::stdout().write_all(line.as_bytes()).expect("an output");
}
