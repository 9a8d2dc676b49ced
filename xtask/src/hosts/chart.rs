use std::fs;

use anyhow::{Context, Result, bail};

use super::results::{FUNCTIONS, Results};
use crate::setup::workspace_root;

const BEGIN: &str = "<!-- The chart: made by `cargo xtask hosts --update`. -->\n";
const END: &str = "<!-- The end of the chart. -->\n";

/// Compares the chart in README.md with these results, once it is made anew if it is to be.
pub(super) fn judge(columns: &[(&str, Results)], update: bool) -> Result<()> {
    let path = workspace_root().join("README.md");
    let readme = fs::read_to_string(&path).context("README.md")?;
    let made = replaced(&readme, &chart(columns))?;
    if made == readme {
        return Ok(());
    }
    if !update {
        bail!(
            "the chart in README.md is not what these hosts can do; `cargo xtask hosts --update` \
             makes it anew:\n{}",
            chart(columns)
        );
    }
    fs::write(&path, made).context("README.md")
}

/// The text with another chart between the marks.
fn replaced(text: &str, chart: &str) -> Result<String> {
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.context("README.md has no marks for the chart")?;
    Ok(format!("{before}{BEGIN}{chart}{END}{after}"))
}

/// The chart as Markdown, in the shape of IoT.js's.
fn chart(columns: &[(&str, Results)]) -> String {
    let row = |head: &str, cells: Vec<&str>| format!("| {head} | {} |\n", cells.join(" | "));
    let mut chart = row("", columns.iter().map(|(title, _)| *title).collect());
    chart += &row(":--", vec![":-:"; columns.len()]);
    for function in FUNCTIONS {
        let marks = columns.iter().map(
            |(_, results)| {
                if results.works(function) { "O" } else { "X" }
            },
        );
        chart += &row(&format!("websocket.{function}"), marks.collect());
    }
    chart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_the_chart_stays() {
        let text = format!("before\n{BEGIN}old\n{END}after\n");
        let made = replaced(&text, "new\n").unwrap();
        assert_eq!(made, format!("before\n{BEGIN}new\n{END}after\n"));
    }

    #[test]
    fn a_text_without_marks_is_refused() {
        assert!(replaced("before\nafter\n", "new\n").is_err());
        assert!(replaced(&format!("before\n{BEGIN}"), "new\n").is_err());
    }
}
