//! The figures: a table, and a chart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::chart;
use crate::hold::{Held, Instances};

/// What was measured with so many connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) count: u32,
    pub(crate) instances: Instances,
    pub(crate) ws: Held,
    pub(crate) wss: Held,
    pub(crate) both: Held,
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The table as Markdown.
    pub(crate) fn table(&self) -> String {
        let mut table = "\
| connections | instances | all open | one, on average | an echo, on average | memory | of one, `ws` | of one, `wss` |
|--:|:--|--:|--:|--:|--:|--:|--:|
"
        .to_owned();
        for row in &self.rows {
            let count = f64::from(row.count);
            let of_one = |held: Held| {
                let kib = held.kib as f64 / count;
                let resident_kib = held.resident_kib as f64 / count;
                format!("{kib:.1} KiB ({resident_kib:.1})")
            };
            table += &format!(
                "| {} | {} | {} | {:.2} ms | {:.1} us | {:.0} MiB ({:.0}) | {} | {} |\n",
                row.count,
                row.instances.name(),
                seconds(row.both.connecting),
                row.both.connecting.as_secs_f64() * 1e3 / count,
                micros(row.both.echoing),
                row.both.kib as f64 / 1024.0,
                row.both.resident_kib as f64 / 1024.0,
                of_one(row.ws),
                of_one(row.wss),
            );
        }
        table
    }

    /// Writes table and chart to `docs/`, or if they mean nothing to `target/bench/`; returns the
    /// folder.
    pub(crate) fn write(&self, quick: bool) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let folder = if quick {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench")
        } else {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
        };
        std::fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        let text = format!(
            "# Idle connections\n\n\
             Made by `cargo xtask bench connections`: one process holds the connections, half of \
             them over `ws` and half over `wss`, each in an instance of its own, or up to 1,000 in \
             one that they share; another has the server. All echo at the same time, \
             one message after the other. Memory is what the former takes beyond what it has without \
             connections. In brackets is what most tools tell of it, which count what instances share of the \
             component for each of them. That of one connection is measured with as many over one \
             transport alone.\n\n\
             {}\n![The same as a chart](connections.svg)\n",
            self.table()
        );
        std::fs::write(folder.join("connections.md"), text)?;
        chart::draw(&self.rows, &folder.join("connections.svg"))?;
        Ok(folder)
    }
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
