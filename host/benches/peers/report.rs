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

/// The client that ratios are to.
const BASELINE: &str = "tokio-tungstenite";

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

    pub(crate) fn print(&self) {
        let medians = self.medians();
        println!("| work | metric | transport | wasocket | {BASELINE} | ratio |");
        println!("|---|---|---|--:|--:|--:|");
        for ours in medians.iter().filter(|row| row.client == "wasocket") {
            let theirs = medians.iter().find(|row| {
                row.client == BASELINE
                    && (row.work, row.transport, row.metric)
                        == (ours.work, ours.transport, ours.metric)
            });
            let arrow = match ours.better {
                Better::Less => "less is better",
                Better::More => "more is better",
            };
            let (theirs, ratio) = match theirs {
                None => ("".to_owned(), "".to_owned()),
                Some(theirs) => (
                    format!("{:.1}", theirs.value),
                    format!("{:.2}", ours.value / theirs.value),
                ),
            };
            println!(
                "| {} | {}, {} ({arrow}) | {} | {:.1} | {theirs} | {ratio} |",
                ours.work, ours.metric, ours.unit, ours.transport, ours.value
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
