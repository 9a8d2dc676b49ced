//! The figures as Markdown.

use std::fmt::Write;

use crate::contestant::TUNGSTENITE;
use crate::goals::outcomes;
use crate::report::{Better, Medians, Row};
use crate::works::{SIZES, TRANSPORTS};

/// All of it, as `docs/benchmarks.md` has it.
pub(crate) fn page(medians: &Medians, machine: &str) -> String {
    let mut page = format!(
        "# Benchmarks\n\n\
         Made by `cargo xtask bench`: all clients do the same work on the same server, in turns; each \
         figure is a median over the rounds, and every answer is checked. The server is a process of \
         its own, on another processor than the clients; each of them has one thread, and in \
         Rust its work is a task of Tokio's. {machine}\n\n\
         The *floor* is `std::net` and rustls with frames that are made before: the least that a client \
         can do. *Batches* are made by hand: tokio-tungstenite feeds what it may send, flushes once, and \
         takes all that is there. A connection of *wasocket* has an instance of its own, which is started \
         when one has ended, but for the first; a *shared instance* has up to 1,000. Whoever connects to \
         open finds either there. The *host's TLS* is rustls outside of the sandbox. *Guests* are composed \
         with our component for that version of WASI, and do the work in wasm.\n\n\
         ## Goals\n\n\
         Ratios are to tokio-tungstenite, unless it says otherwise. [What limits those that are \
         missed](performance.md), and what was done, is on a page of its own.\n\n{}\n\
         ![What goals are about, as a chart](benchmarks.svg)\n",
        goals(medians)
    );
    for (transport, _) in TRANSPORTS {
        let table = figures(medians, transport, |work| !is_size(work));
        page += &format!(
            "\n## All figures, `{transport}`\n\nIn brackets: the ratio to tokio-tungstenite.\n\n{table}"
        );
    }
    page += "\n## Sizes of messages\n\nOne message at a time, and its echo.\n\n\
             ![Time a message against its size](benchmarks-sizes.svg)\n";
    for (transport, _) in TRANSPORTS {
        page += &format!("\n{}", figures(medians, transport, is_size));
    }
    page
}

/// What became of each goal.
pub(crate) fn goals(medians: &Medians) -> String {
    let mut table = "| work | metric | transport | client | figure | ratio | goal | |\n\
                     |:--|:--|:--|:--|--:|--:|--:|:--|\n"
        .to_owned();
    for outcome in outcomes(medians) {
        let row = outcome.row;
        let bound = match row.better {
            Better::Less => format!("≤ {}", outcome.bound),
            Better::More => format!("≥ {}", outcome.bound),
        };
        let (ratio, bound) = match outcome.against {
            None => (String::new(), format!("{bound} {}", row.unit)),
            Some(TUNGSTENITE) => (format!("{:.2}", outcome.value), bound),
            Some(other) => (format!("{:.2} to {other}", outcome.value), bound),
        };
        let verdict = if outcome.is_met() {
            "met".to_owned()
        } else {
            format!("**missed by {:.0} %**", outcome.miss() * 100.0)
        };
        writeln!(
            table,
            "| {} | {} | {} | {} | {} {} | {ratio} | {bound} | {verdict} |",
            row.work,
            row.metric,
            row.transport,
            row.client,
            number(row.value),
            row.unit,
        )
        .expect("a string takes all");
    }
    table
}

/// The figures of all clients over one transport.
fn figures(medians: &Medians, transport: &str, includes: impl Fn(&str) -> bool) -> String {
    let rows: Vec<&Row> = medians
        .rows
        .iter()
        .filter(|row| row.transport == transport && includes(row.work))
        .collect();
    let mut clients = medians.clients();
    clients.retain(|client| rows.iter().any(|row| row.client == *client));
    let mut kinds: Vec<&Row> = Vec::new();
    for row in &rows {
        if !kinds
            .iter()
            .any(|kind| (kind.work, kind.metric) == (row.work, row.metric))
        {
            kinds.push(row);
        }
    }
    let mut table = format!(
        "| {transport} | metric | {} |\n|:--|:--|{}\n",
        clients.join(" | "),
        "--:|".repeat(clients.len())
    );
    for kind in kinds {
        let of = |client: &str| medians.of(kind.work, transport, client, kind.metric);
        let cells: Vec<String> = clients
            .iter()
            .map(|client| of(client).map_or_else(String::new, |row| cell(row, of(TUNGSTENITE))))
            .collect();
        let better = match kind.better {
            Better::Less => "less is better",
            Better::More => "more is better",
        };
        writeln!(
            table,
            "| {} | {}, {} ({better}) | {} |",
            kind.work,
            kind.metric,
            kind.unit,
            cells.join(" | ")
        )
        .expect("a string takes all");
    }
    table
}

fn cell(row: &Row, baseline: Option<&Row>) -> String {
    match baseline {
        // Memory that is too little to be seen is no measure.
        Some(baseline) if row.client != TUNGSTENITE && baseline.value > 0.0 => {
            let ratio = row.value / baseline.value;
            format!("{} ({ratio:.2})", number(row.value))
        }
        _ => number(row.value),
    }
}

/// Three digits, or all that are before the point.
fn number(value: f64) -> String {
    match value {
        0.0..1.0 => format!("{value:.3}"),
        1.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn is_size(work: &str) -> bool {
    SIZES.iter().any(|(name, _)| *name == work)
}
