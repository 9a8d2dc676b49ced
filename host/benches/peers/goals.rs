//! What figures are to be, against those of others in the same run.

use crate::contestant::{OURS, OURS_SHARED, TUNGSTENITE, TUNGSTENITE_BATCHES, WS_BUFFERUTIL};
use crate::report::{Better, Medians, Row};
use crate::works::{
    COLD_START, COMPRESSED, CONNECT, CPU, CROWD, ECHO, ECHO_IN_FLIGHT, IN_FLIGHT, LARGE_ECHO,
    MESSAGES, P50, P99, RESUMED, ROUND_TRIP, THROUGHPUT, TRANSPORTS,
};

/// A figure, and what it is to be.
struct Goal {
    work: &'static str,
    metric: &'static str,
    client: &'static str,
    /// Whose figure the bound is a multiple of; that of nobody is in the unit of the figure.
    against: Option<&'static str>,
    /// For `ws` and for `wss`, if there is one.
    bounds: [Option<f64>; 2],
}

impl Goal {
    /// One of ours against tokio-tungstenite, for `ws` and for `wss`.
    const fn new(work: &'static str, metric: &'static str, ws: f64, wss: f64) -> Self {
        Self {
            work,
            metric,
            client: OURS,
            against: Some(TUNGSTENITE),
            bounds: [Some(ws), Some(wss)],
        }
    }

    const fn of(self, client: &'static str) -> Self {
        Self { client, ..self }
    }

    const fn against(self, against: &'static str) -> Self {
        Self {
            against: Some(against),
            ..self
        }
    }
}

const GOALS: [Goal; 16] = [
    Goal::new(ROUND_TRIP, P50, 1.15, 1.3),
    Goal::new(ROUND_TRIP, P99, 1.5, 1.5),
    Goal::new(IN_FLIGHT, MESSAGES, 5.0, 4.0),
    Goal::new(IN_FLIGHT, MESSAGES, 0.6, 0.6).against(TUNGSTENITE_BATCHES),
    Goal::new(ECHO, THROUGHPUT, 0.9, 0.6),
    Goal::new(ECHO_IN_FLIGHT, THROUGHPUT, 0.9, 0.6),
    Goal::new(LARGE_ECHO, THROUGHPUT, 0.85, 0.5),
    Goal::new(CONNECT, P50, 2.0, 3.0),
    Goal::new(CONNECT, P50, 2.0, 3.0).of(OURS_SHARED),
    Goal {
        bounds: [None, Some(3.0)],
        ..Goal::new(RESUMED, P50, 3.0, 3.0).of(OURS_SHARED)
    },
    Goal::new(CROWD, MESSAGES, 0.7, 0.7),
    Goal::new(CROWD, MESSAGES, 0.7, 0.7).of(OURS_SHARED),
    Goal::new(CROWD, CPU, 1.5, 1.5),
    Goal::new(CROWD, CPU, 1.5, 1.5).of(OURS_SHARED),
    Goal::new(COMPRESSED, MESSAGES, 1.0, 1.0).against(WS_BUFFERUTIL),
    Goal {
        against: None,
        bounds: [Some(30.0), None],
        ..Goal::new(COLD_START, P50, 30.0, 30.0)
    },
];

/// What became of a goal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) row: &'a Row,
    pub(crate) against: Option<&'static str>,
    /// The figure, as a multiple of that of `against`.
    pub(crate) value: f64,
    pub(crate) bound: f64,
}

impl Outcome<'_> {
    pub(crate) fn is_met(&self) -> bool {
        match self.row.better {
            Better::Less => self.value <= self.bound,
            Better::More => self.value >= self.bound,
        }
    }

    /// By which part of the bound it is missed.
    pub(crate) fn miss(&self) -> f64 {
        (self.value / self.bound - 1.0).abs()
    }
}

/// What became of each goal whose figures were measured, in the order of the list.
pub(crate) fn outcomes(medians: &Medians) -> Vec<Outcome<'_>> {
    let mut outcomes = Vec::new();
    for goal in &GOALS {
        for ((transport, _), bound) in TRANSPORTS.into_iter().zip(goal.bounds) {
            let of = |client| medians.of(goal.work, transport, client, goal.metric);
            let (Some(bound), Some(row)) = (bound, of(goal.client)) else {
                continue;
            };
            let value = match goal.against {
                None => row.value,
                Some(against) => match of(against) {
                    None => continue,
                    Some(other) => row.value / other.value,
                },
            };
            outcomes.push(Outcome {
                row,
                against: goal.against,
                value,
                bound,
            });
        }
    }
    outcomes
}
