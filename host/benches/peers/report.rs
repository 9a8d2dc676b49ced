//! The figures: a table for people, a file for programs.

use std::io;
use std::path::PathBuf;

use serde_json::json;

/// One figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) work: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) client: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) value: f64,
}

/// Which of two figures is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

/// All figures of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

/// The clients that ratios are to: ours from outside of wasm, and the one that others are measured by.
const BASELINES: [&str; 2] = ["wasocket", "tokio-tungstenite"];

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The medians over the rounds, in the order in which they were first measured.
    fn medians(&self) -> Vec<Row> {
        let mut medians: Vec<Row> = Vec::new();
        for row in &self.rows {
            let same = |other: &Row| {
                (other.work, other.transport, other.client, other.metric)
                    == (row.work, row.transport, row.client, row.metric)
            };
            if medians.iter().any(same) {
                continue;
            }
            let mut values: Vec<f64> = self
                .rows
                .iter()
                .filter(|other| same(other))
                .map(|other| other.value)
                .collect();
            values.sort_by(f64::total_cmp);
            medians.push(Row {
                value: values[values.len() / 2],
                ..*row
            });
        }
        medians
    }

    /// The clients, in the order in which they were first measured.
    fn clients(&self) -> Vec<&'static str> {
        let mut clients = Vec::new();
        for row in &self.rows {
            if !clients.contains(&row.client) {
                clients.push(row.client);
            }
        }
        clients
    }

    /// Prints each figure, and in brackets its ratios to those of the [`BASELINES`].
    pub(crate) fn print(&self) {
        let medians = self.medians();
        let clients = self.clients();
        println!("| work | metric | transport | {} |", clients.join(" | "));
        println!("|---|---|---|{}", "--:|".repeat(clients.len()));
        for first in medians.iter().filter(|row| row.client == clients[0]) {
            let of = |client: &str| {
                medians.iter().find(|row| {
                    row.client == client
                        && (row.work, row.transport, row.metric)
                            == (first.work, first.transport, first.metric)
                })
            };
            let cells: Vec<String> = clients
                .iter()
                .map(|client| of(client).map_or_else(String::new, |row| cell(row, of)))
                .collect();
            let arrow = match first.better {
                Better::Less => "less is better",
                Better::More => "more is better",
            };
            println!(
                "| {} | {}, {} ({arrow}) | {} | {} |",
                first.work,
                first.metric,
                first.unit,
                first.transport,
                cells.join(" | ")
            );
        }
    }

    /// Writes the medians to `target/bench/results.json`; returns where that is.
    pub(crate) fn write(&self) -> io::Result<PathBuf> {
        let results: Vec<_> = self
            .medians()
            .iter()
            .map(|row| {
                json!({
                    "work": row.work,
                    "transport": row.transport,
                    "client": row.client,
                    "metric": row.metric,
                    "unit": row.unit,
                    "value": row.value,
                })
            })
            .collect();
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench");
        std::fs::create_dir_all(&target)?;
        let file = target.canonicalize()?.join("results.json");
        std::fs::write(&file, serde_json::to_string_pretty(&results)?)?;
        Ok(file)
    }
}

fn cell<'a>(row: &Row, of: impl Fn(&str) -> Option<&'a Row>) -> String {
    let ratios: Vec<String> = BASELINES
        .into_iter()
        .filter(|baseline| *baseline != row.client)
        .filter_map(of)
        // Memory that is too little to be seen is no measure.
        .filter(|baseline| baseline.value > 0.0)
        .map(|baseline| format!("{:.2}", row.value / baseline.value))
        .collect();
    match &ratios[..] {
        [] => format!("{:.1}", row.value),
        ratios => format!("{:.1} ({})", row.value, ratios.join(", ")),
    }
}
