//! The figures: medians over the rounds, for people and for programs.

use std::error::Error;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::chart;
use crate::table;

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

/// The medians over the rounds, in the order in which they were first measured.
pub(crate) struct Medians {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn medians(&self) -> Medians {
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
        Medians { rows: medians }
    }
}

impl Medians {
    /// A figure, if it was measured.
    pub(crate) fn of(
        &self,
        work: &str,
        transport: &str,
        client: &str,
        metric: &str,
    ) -> Option<&Row> {
        self.rows.iter().find(|row| {
            (row.work, row.transport, row.client, row.metric) == (work, transport, client, metric)
        })
    }

    /// The clients, in the order in which they were first measured.
    pub(crate) fn clients(&self) -> Vec<&'static str> {
        let mut clients = Vec::new();
        for row in &self.rows {
            if !clients.contains(&row.client) {
                clients.push(row.client);
            }
        }
        clients
    }

    /// Writes what was measured to `target/bench/`, and if `whole` what people read of it to `docs/`
    /// in place of that; returns where the latter is.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or a chart not be drawn.
    pub(crate) fn write(&self, whole: bool, machine: &str) -> Result<PathBuf, Box<dyn Error>> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench");
        std::fs::create_dir_all(&target)?;
        std::fs::write(
            target.join("results.json"),
            serde_json::to_string_pretty(&self.to_json())?,
        )?;
        let folder = if whole {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
        } else {
            target
        };
        let folder = folder.canonicalize()?;
        chart::draw_goals(self, &folder.join("benchmarks.svg"))?;
        chart::draw_sizes(self, &folder.join("benchmarks-sizes.svg"))?;
        let file = folder.join("benchmarks.md");
        std::fs::write(&file, table::page(self, machine))?;
        Ok(file)
    }

    fn to_json(&self) -> Vec<serde_json::Value> {
        self.rows
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
            .collect()
    }
}
