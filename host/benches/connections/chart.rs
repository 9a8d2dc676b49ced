//! The figures as a chart.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::hold::Instances;
use crate::lines::{self, Axes, Line};
use crate::report::{Row, micros};

const SIZE: (u32, u32) = (960, 400);

/// What one line is of.
struct Series {
    name: &'static str,
    color: RGBColor,
    instances: Instances,
    value: fn(&Row) -> f64,
}

const MEMORY: [Series; 4] = [
    Series {
        name: "wss, own instances",
        color: RED,
        instances: Instances::Own,
        value: |row| mib(row.wss.kib),
    },
    Series {
        name: "ws, own instances",
        color: BLUE,
        instances: Instances::Own,
        value: |row| mib(row.ws.kib),
    },
    Series {
        name: "wss, shared",
        color: MAGENTA,
        instances: Instances::Shared,
        value: |row| mib(row.wss.kib),
    },
    Series {
        name: "ws, shared",
        color: CYAN,
        instances: Instances::Shared,
        value: |row| mib(row.ws.kib),
    },
];

const TIME: [Series; 4] = [
    Series {
        name: "to open, own instances",
        color: RED,
        instances: Instances::Own,
        value: |row| micros(row.both.connecting) / f64::from(row.count),
    },
    Series {
        name: "to open, shared",
        color: MAGENTA,
        instances: Instances::Shared,
        value: |row| micros(row.both.connecting) / f64::from(row.count),
    },
    Series {
        name: "an echo, own instances",
        color: BLUE,
        instances: Instances::Own,
        value: |row| micros(row.both.echoing),
    },
    Series {
        name: "an echo, shared",
        color: CYAN,
        instances: Instances::Shared,
        value: |row| micros(row.both.echoing),
    },
];

impl Series {
    fn line(&self, rows: &[Row]) -> Line {
        let rows = rows.iter().filter(|row| row.instances == self.instances);
        Line {
            name: self.name,
            color: self.color,
            points: rows
                .map(|row| (f64::from(row.count), (self.value)(row)))
                .collect(),
        }
    }
}

/// Writes it as SVG.
pub(crate) fn draw(rows: &[Row], file: &Path) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    for (area, caption, series) in [
        (left, "memory, MiB", &MEMORY),
        (right, "time for one, us", &TIME),
    ] {
        let axes = Axes {
            caption: caption.to_owned(),
            x: "connections",
            x_label: |count| format!("{count}"),
        };
        let lines = series.iter().map(|series| series.line(rows)).collect();
        lines::draw(&area, &axes, lines)?;
    }
    area.present()?;
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
