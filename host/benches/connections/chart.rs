//! The figures as a chart: what is linear in the number of connections is a straight line of slope
//! one, as both axes are logarithmic.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::hold::Instances;
use crate::report::Row;

const SIZE: (u32, u32) = (960, 400);

/// What stands for nothing, which has no logarithm.
const LEAST: f64 = 1e-3;

/// One line of a chart.
struct Line {
    name: &'static str,
    color: RGBColor,
    instances: Instances,
    value: fn(&Row) -> f64,
}

const MEMORY: [Line; 4] = [
    Line {
        name: "wss, own instances",
        color: RED,
        instances: Instances::Own,
        value: |row| mib(row.wss.kib),
    },
    Line {
        name: "ws, own instances",
        color: BLUE,
        instances: Instances::Own,
        value: |row| mib(row.ws.kib),
    },
    Line {
        name: "wss, shared",
        color: MAGENTA,
        instances: Instances::Shared,
        value: |row| mib(row.wss.kib),
    },
    Line {
        name: "ws, shared",
        color: CYAN,
        instances: Instances::Shared,
        value: |row| mib(row.ws.kib),
    },
];

const TIME: [Line; 4] = [
    Line {
        name: "all open, own instances",
        color: RED,
        instances: Instances::Own,
        value: |row| row.both.connecting.as_secs_f64(),
    },
    Line {
        name: "all open, shared",
        color: MAGENTA,
        instances: Instances::Shared,
        value: |row| row.both.connecting.as_secs_f64(),
    },
    Line {
        name: "each echoed once, own instances",
        color: BLUE,
        instances: Instances::Own,
        value: |row| row.both.echoing.as_secs_f64(),
    },
    Line {
        name: "each echoed once, shared",
        color: CYAN,
        instances: Instances::Shared,
        value: |row| row.both.echoing.as_secs_f64(),
    },
];

impl Line {
    fn points(&self, rows: &[Row]) -> impl Iterator<Item = (f64, f64)> {
        let rows = rows.iter().filter(|row| row.instances == self.instances);
        rows.map(|row| (f64::from(row.count), (self.value)(row)))
    }
}

/// Writes it as SVG.
pub(crate) fn draw(rows: &[Row], file: &Path) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    draw_lines(&left, rows, "memory, MiB", &MEMORY)?;
    draw_lines(&right, rows, "time, s", &TIME)?;
    area.present()?;
    Ok(())
}

fn draw_lines(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    rows: &[Row],
    caption: &str,
    lines: &[Line],
) -> Result<(), Box<dyn Error>> {
    let counts = rows.iter().map(|row| f64::from(row.count));
    let values = lines
        .iter()
        .flat_map(|line| line.points(rows).map(|(_, value)| value));
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(decades(counts).log_scale(), decades(values).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("connections")
        .x_label_formatter(&|count| format!("{count}"))
        .y_label_formatter(&|value| format!("{value}"))
        .draw()?;
    for line in lines {
        let points = line.points(rows);
        let color = line.color;
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(3))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    Ok(())
}

/// The powers of ten around all values.
fn decades(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values
        .map(|value| value.max(LEAST))
        .fold((f64::INFINITY, LEAST), |(least, most), value| {
            (least.min(value), most.max(value))
        });
    let first = least.log10().floor();
    let last = most.log10().ceil().max(first + 1.0);
    10_f64.powf(first)..10_f64.powf(last)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
