use integration_tests::{Action, Direction, Fault, Passed};

use super::exchange::{Lab, Milestone, Run, Scheme, Tls};

/// What precedes the payload of a TLS record: type, version, and length in two bytes.
pub(super) const RECORD_HEADER_LEN: usize = 5;

/// What the exchange is at, by who has to have done what for a byte to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Up to the server's last handshake message, from which on the client has keys.
    Tls,
    /// From there to the end of the answer to the opening handshake.
    Opening,
    /// The message and its echo.
    Message,
    /// The ping and its pong.
    Ping,
    /// The Close frames.
    Closing,
    /// After the Close frame of the same side.
    Closed,
}

/// What passes in the exchange when nothing goes wrong.
pub(super) struct Layout {
    pub(super) up: Way,
    pub(super) down: Way,
}

/// The bytes of one direction.
pub(super) struct Way {
    pub(super) bytes: Vec<u8>,
    /// Where each phase ends, from [`Phase::Tls`] on.
    ends: [usize; 6],
    /// Where each TLS record starts, and the end of the last; nothing without TLS.
    pub(super) records: Vec<usize>,
}

impl Layout {
    /// Has the exchange once, and looks on.
    pub(super) async fn of(lab: &Lab) -> Self {
        let watch = Fault {
            direction: Direction::Up,
            at: 0,
            action: Action::Watch,
        };
        let proxy = lab.proxy(watch).await;
        let mut ends = Vec::new();
        let Run { passed, told, .. } = lab
            .exchange(proxy, lab.options(), false, |proxy, milestone| {
                ends.push((
                    milestone,
                    proxy.count(Direction::Up),
                    proxy.count(Direction::Down),
                ));
            })
            .await;
        let milestones: Vec<Milestone> = ends.iter().map(|(milestone, ..)| *milestone).collect();
        assert_eq!(
            milestones,
            [
                Milestone::Open,
                Milestone::Message,
                Milestone::Answered,
                Milestone::Closed
            ],
            "{told:?}"
        );
        let tls_ends = match lab.scheme {
            Scheme::Ws => (0, 0),
            Scheme::Wss(tls) => tls_ends(tls, &passed),
        };
        let up = ends.iter().map(|(_, up, _)| *up);
        let down = ends.iter().map(|(_, _, down)| *down);
        Self {
            up: Way::new(lab.scheme, Direction::Up, &passed, tls_ends.0, up),
            down: Way::new(lab.scheme, Direction::Down, &passed, tls_ends.1, down),
        }
    }

    /// How many digits the port in the request has, without TLS.
    pub(super) fn port_len(&self) -> usize {
        const BEFORE: &str = "Host: 127.0.0.1:";

        let request = &self.up.bytes[self.up.range(Phase::Opening)];
        let request = str::from_utf8(request).expect("ASCII");
        let port = request.lines().find_map(|line| line.strip_prefix(BEFORE));
        port.expect("a port").len()
    }

    pub(super) fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

impl Way {
    fn new(
        scheme: Scheme,
        direction: Direction,
        passed: &[Passed],
        tls_end: usize,
        milestones: impl Iterator<Item = usize>,
    ) -> Self {
        let bytes = joined(passed, direction);
        let records = match scheme {
            Scheme::Ws => Vec::new(),
            Scheme::Wss(_) => records(&bytes),
        };
        let mut ends = [tls_end; 6];
        for (end, milestone) in ends[1..].iter_mut().zip(milestones) {
            *end = milestone;
        }
        // The Close frame is one record. What follows is TLS's own end.
        let answered = ends[3];
        if let Some(closed) = records.iter().find(|&&start| start > answered) {
            ends[4] = *closed;
        }
        ends[5] = bytes.len();
        Self {
            bytes,
            ends,
            records,
        }
    }

    /// The phase of the byte at this position; of the end of the stream, the last.
    pub(super) fn phase(&self, at: usize) -> Phase {
        const PHASES: [Phase; 6] = [
            Phase::Tls,
            Phase::Opening,
            Phase::Message,
            Phase::Ping,
            Phase::Closing,
            Phase::Closed,
        ];
        let index = self.ends.iter().position(|&end| at < end);
        PHASES[index.unwrap_or(PHASES.len() - 1)]
    }

    /// Where this phase starts, and where it ends.
    pub(super) fn range(&self, phase: Phase) -> std::ops::Range<usize> {
        let index = phase as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }
}

/// Where TLS is established for the client, in either direction: after so many of its records, and
/// after all that arrived before the next.
fn tls_ends(tls: Tls, passed: &[Passed]) -> (usize, usize) {
    let count = match tls {
        // ClientHello, ClientKeyExchange, ChangeCipherSpec, and Finished, which the server answers
        // (RFC 5246, section 7.3).
        Tls::V1_2 => 4,
        // ClientHello.
        Tls::V1_3 => 1,
    };
    let established = records(&joined(passed, Direction::Up))[count];
    let (mut up, mut down) = (0, 0);
    for Passed { direction, bytes } in passed {
        match direction {
            Direction::Up => up += bytes.len(),
            Direction::Down => down += bytes.len(),
        }
        if up > established {
            break;
        }
    }
    (established, down)
}

/// What passed in this direction.
pub(super) fn joined(passed: &[Passed], direction: Direction) -> Vec<u8> {
    let of_it = passed.iter().filter(|passed| passed.direction == direction);
    of_it.flat_map(|passed| passed.bytes.clone()).collect()
}

/// Where each record starts, and the end of the last.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut start = 0;
    while let Some(&[.., high, low]) = bytes[start..].first_chunk::<RECORD_HEADER_LEN>() {
        start += RECORD_HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
        starts.push(start);
    }
    assert_eq!(start, bytes.len(), "whole records");
    starts
}
