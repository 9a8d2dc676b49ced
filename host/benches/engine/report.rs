//! The figures as a table.

use crate::settings::SETTINGS;

/// What is measured of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// How long it takes to compile the component, in ms.
    Compile,
    /// How long the compiled component is, in KiB.
    Compiled,
    /// How long it takes to start an instance and to end it, in us.
    Start,
    /// What an idle connection takes, in KiB.
    Memory,
    /// How long a guest computes to open a connection over `wss`, in us.
    Connect,
    /// How long to echo a short message over `ws`, in us.
    Short,
    /// How long to echo a long one over `ws`, in us.
    Long,
    /// How long to echo a long one over `wss`, in us.
    LongSecure,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Compile,
        Self::Compiled,
        Self::Start,
        Self::Memory,
        Self::Connect,
        Self::Short,
        Self::Long,
        Self::LongSecure,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Compile => "compiling",
            Self::Compiled => "compiled",
            Self::Start => "an instance",
            Self::Memory => "idle, `ws`",
            Self::Connect => "connect, `wss`",
            Self::Short => "64 B, `ws`",
            Self::Long => "64 KiB, `ws`",
            Self::LongSecure => "64 KiB, `wss`",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Compile => "ms",
            Self::Compiled | Self::Memory => "KiB",
            Self::Start | Self::Connect | Self::Short | Self::Long | Self::LongSecure => "us",
        }
    }
}

/// What was measured: of each setting, in each column, the least of all rounds. What else the machine
/// does can only add to it.
#[derive(Debug)]
pub(crate) struct Report([[f64; Column::ALL.len()]; SETTINGS.len()]);

impl Report {
    pub(crate) fn new() -> Self {
        Self([[f64::INFINITY; Column::ALL.len()]; SETTINGS.len()])
    }

    /// Adds what was measured in a round.
    pub(crate) fn add(&mut self, setting: usize, column: Column, figure: f64) {
        let least = &mut self.0[setting][column as usize];
        *least = least.min(figure);
    }

    /// The table as Markdown: figures for the first setting, and for the others ratios to these.
    pub(crate) fn table(&self) -> String {
        let headings = Column::ALL.map(Column::heading).join(" | ");
        let rule = "|--:".repeat(Column::ALL.len());
        let mut table = format!("| setting | {headings} |\n|:--{rule}|\n");
        let first = &self.0[0];
        for (index, (setting, figures)) in SETTINGS.iter().zip(&self.0).enumerate() {
            let cells = Column::ALL.map(|column| {
                let figure = figures[column as usize];
                match index {
                    0 => format!("{} {}", three_digits(figure), column.unit()),
                    _ => format!("{:.2}", figure / first[column as usize]),
                }
            });
            table += &format!("| {} | {} |\n", setting.name, cells.join(" | "));
        }
        table
    }
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
