//! The figures as a table.

use crate::settings::SETTINGS;

/// What was measured of a setting in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// How long compiling the component takes, in ms.
    pub(crate) compile: f64,
    /// How long the compiled component is, in KiB.
    pub(crate) compiled: f64,
    /// What an idle connection takes, in KiB.
    pub(crate) memory: f64,
    /// How long it takes to start an instance and to end it, in us.
    pub(crate) start: f64,
    /// How long a guest computes, in us: to open a connection over `wss`,
    pub(crate) connect: f64,
    /// to echo 64 bytes over `ws`,
    pub(crate) short: f64,
    /// to echo 64 KiB over `ws`,
    pub(crate) long: f64,
    /// and to echo 64 KiB over `wss`.
    pub(crate) long_wss: f64,
}

/// A column of the table: its heading, the unit, and what stands in it.
type Column = (&'static str, &'static str, fn(&Figures) -> f64);

const COLUMNS: [Column; 8] = [
    ("compiling", "ms", |figures| figures.compile),
    ("compiled", "KiB", |figures| figures.compiled),
    ("an instance", "us", |figures| figures.start),
    ("idle connection", "KiB", |figures| figures.memory),
    ("connect, `wss`", "us", |figures| figures.connect),
    ("64 B, `ws`", "us", |figures| figures.short),
    ("64 KiB, `ws`", "us", |figures| figures.long),
    ("64 KiB, `wss`", "us", |figures| figures.long_wss),
];

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// For each setting, in its order, those of each round.
    rounds: [Vec<Figures>; SETTINGS.len()],
}

impl Report {
    pub(crate) fn add(&mut self, setting: usize, figures: Figures) {
        self.rounds[setting].push(figures);
    }

    /// The table as Markdown: figures for the first setting, and for the others ratios to what it had
    /// in the same round; medians over the rounds.
    pub(crate) fn table(&self) -> String {
        let headings = COLUMNS.map(|(heading, ..)| heading).join(" | ");
        let rule = "|--:".repeat(COLUMNS.len());
        let mut table = format!("| setting | {headings} |\n|:--{rule}|\n");
        let (first, _) = self.rounds.split_first().expect("settings");
        for (index, (setting, rounds)) in SETTINGS.iter().zip(&self.rounds).enumerate() {
            let cells = COLUMNS.map(|(_, unit, figure)| {
                if index == 0 {
                    let figure = median(rounds.iter().map(figure));
                    return format!("{} {unit}", three_digits(figure));
                }
                let pairs = rounds.iter().zip(first);
                let ratio = median(pairs.map(|(round, first)| figure(round) / figure(first)));
                format!("{ratio:.2}")
            });
            table += &format!("| {} | {} |\n", setting.name, cells.join(" | "));
        }
        table
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// With three digits, or all that stand before the point.
fn three_digits(value: f64) -> String {
    let places = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.places$}")
}
