//! The figures as charts.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::contestant::{FLOOR, OURS, TUNGSTENITE};
use crate::goals::{Outcome, outcomes};
use crate::lines::{self, Axes, Line};
use crate::report::{Better, Medians};
use crate::works::{AVERAGE, SCALED, SIZES, TRANSPORTS};

const SIZE: (u32, u32) = (960, 400);

/// How high a bar is with what surrounds it, in pixels.
const BAR_HEIGHT: u32 = 26;

/// How much room the title and the axis of a chart of bars take, in pixels.
const FRAME_HEIGHT: u32 = 90;

/// How much room the name of a bar takes, in pixels.
const NAME_WIDTH: i32 = 470;

const MET: RGBColor = RGBColor(46, 125, 50);
const MISSED: RGBColor = RGBColor(198, 40, 40);

/// Draws a bar for each goal that is a ratio: how many times as good ours is. A black line is where it
/// is to be.
pub(crate) fn draw_goals(medians: &Medians, file: &Path) -> Result<(), Box<dyn Error>> {
    let mut outcomes = outcomes(medians);
    outcomes.retain(|outcome| outcome.against.is_some());
    let height = FRAME_HEIGHT + BAR_HEIGHT * outcomes.len().max(1) as u32;
    let area = SVGBackend::new(file, (SIZE.0, height)).into_drawing_area();
    area.fill(&WHITE)?;
    draw_bars(&area, &outcomes)?;
    area.present()?;
    Ok(())
}

fn draw_bars(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    outcomes: &[Outcome<'_>],
) -> Result<(), Box<dyn Error>> {
    let count = outcomes.len();
    let factors = outcomes.iter().flat_map(|outcome| {
        [outcome.value, outcome.bound].map(|ratio| times_as_good(outcome, ratio))
    });
    let (least, most) = factors.fold((0.5, 2.0), |(least, most): (f64, f64), factor| {
        (least.min(factor), most.max(factor))
    });
    let (least, most) = (least / 1.2, most * 1.2);
    let mut chart = ChartBuilder::on(area)
        .caption(
            "times as good as tokio-tungstenite, or who is named (the line: the goal)",
            ("sans-serif", 18),
        )
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(NAME_WIDTH)
        .build_cartesian_2d((least..most).log_scale(), 0.0..count.max(1) as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_label_formatter(&|factor| format!("{factor:.2}"))
        .draw()?;
    // From the top to the bottom.
    for (i, outcome) in outcomes.iter().enumerate() {
        let y = (count - 1 - i) as f64;
        let factor = times_as_good(outcome, outcome.value);
        let goal = times_as_good(outcome, outcome.bound);
        let color = if outcome.is_met() { MET } else { MISSED };
        let row = outcome.row;
        let (x, middle) = chart.backend_coord(&(least, y + 0.5));
        let against = match outcome.against {
            None | Some(TUNGSTENITE) => String::new(),
            Some(other) => format!(" to {other}"),
        };
        let name = format!(
            "{}, {}, {}: {}{against}",
            row.work, row.metric, row.transport, row.client
        );
        let style = ("sans-serif", 12).into_font();
        area.draw(&Text::new(name, (x - NAME_WIDTH, middle - 6), style))?;
        chart.draw_series([
            Rectangle::new([(1.0, y + 0.2), (factor, y + 0.8)], color.filled()),
            Rectangle::new([(goal, y + 0.05), (goal, y + 0.95)], BLACK.stroke_width(2)),
        ])?;
    }
    Ok(())
}

/// A ratio as what is the better the more it is.
fn times_as_good(outcome: &Outcome<'_>, ratio: f64) -> f64 {
    match outcome.row.better {
        Better::Less => ratio.recip(),
        Better::More => ratio,
    }
}

/// Draws how long a message takes against its size.
pub(crate) fn draw_sizes(medians: &Medians, file: &Path) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 / 2);
    for (area, (transport, _)) in [left, right].iter().zip(TRANSPORTS) {
        let axes = Axes {
            caption: format!("{transport}: message and echo, us"),
            x: "bytes",
            x_label: |bytes| format!("{bytes}"),
        };
        let lines = SCALED.map(|client| Line {
            name: client,
            color: match client {
                OURS => RED,
                TUNGSTENITE => BLUE,
                FLOOR => BLACK,
                other => unreachable!("{other} has no color"),
            },
            points: SIZES
                .into_iter()
                .filter_map(|(name, len)| {
                    let row = medians.of(name, transport, client, AVERAGE)?;
                    Some((f64::from(len), row.value))
                })
                .collect(),
        });
        lines::draw(area, &axes, lines.into_iter().collect())?;
    }
    area.present()?;
    Ok(())
}
