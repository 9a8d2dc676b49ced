//! Lines in a chart whose axes are both logarithmic: what is linear is a straight line of slope one.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

/// What stands for nothing, which has no logarithm.
const LEAST: f64 = 1e-3;

/// One line of a chart.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) color: RGBColor,
    pub(crate) points: Vec<(f64, f64)>,
}

/// What the axes are.
pub(crate) struct Axes {
    pub(crate) caption: String,
    pub(crate) x: &'static str,
    pub(crate) x_label: fn(f64) -> String,
}

/// Draws them into a part of a picture.
pub(crate) fn draw(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    axes: &Axes,
    lines: Vec<Line>,
) -> Result<(), Box<dyn Error>> {
    let all = || lines.iter().flat_map(|line| &line.points);
    let x_range = decades(all().map(|point| point.0));
    let y_range = decades(all().map(|point| point.1));
    let mut chart = ChartBuilder::on(area)
        .caption(&axes.caption, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(x_range.log_scale(), y_range.log_scale())?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .x_label_formatter(&|x| (axes.x_label)(*x))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    for line in lines {
        let color = line.color;
        chart
            .draw_series(LineSeries::new(line.points, color.stroke_width(2)).point_size(3))?
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

/// The powers of ten around all values; those around one where there are none.
fn decades(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values
        .map(|value| value.max(LEAST).log10())
        .map(|exponent| (exponent, exponent))
        .reduce(|(least, most), (exponent, _)| (least.min(exponent), most.max(exponent)))
        .unwrap_or_default();
    let first = least.floor();
    let last = most.ceil().max(first + 1.0);
    10_f64.powf(first)..10_f64.powf(last)
}
