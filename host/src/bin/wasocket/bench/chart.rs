use std::env;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use hdrhistogram::Histogram;

const BAR: Style = AnsiColor::Green.on_default();

/// How long the longest bar is, in characters.
const WIDTH: u64 = 40;

/// Parts of a character, in eighths.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What a chart is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Characters {
    Ascii,
    Unicode,
}

impl Characters {
    /// Those that are asked for, or that the locale has.
    pub(crate) fn choose(ascii: bool) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(env::var_os)
            .find(|locale| !locale.is_empty());
        let utf_8 = match locale {
            Some(locale) => {
                let locale = locale.to_string_lossy().to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
            None => cfg!(windows),
        };
        if ascii || !utf_8 {
            Self::Ascii
        } else {
            Self::Unicode
        }
    }

    /// A bar of this many eighths of a character.
    fn bar(self, eighths: u64) -> String {
        let (whole, part) = ((eighths / 8) as usize, (eighths % 8) as usize);
        match self {
            Self::Unicode => "█".repeat(whole) + PARTS[part],
            Self::Ascii => "#".repeat(whole.max(1)),
        }
    }
}

/// Draws how many of the times, in nanoseconds, are between which bounds: 1, 2 and 5 times a power
/// of ten.
pub(crate) fn chart(times: &Histogram<u64>, characters: Characters) -> String {
    let mut rows: Vec<(u64, u64)> = Vec::new();
    for value in times.iter_recorded() {
        let (from, count) = (
            lower_bound(value.value_iterated_to()),
            value.count_at_value(),
        );
        match rows.last_mut() {
            Some((last, sum)) if *last == from => *sum += count,
            _ => {
                // A gap is to be seen.
                while let Some(&(last, _)) = rows.last()
                    && upper_bound(last) < from
                {
                    rows.push((upper_bound(last), 0));
                }
                rows.push((from, count));
            }
        }
    }
    let Some(most) = rows.iter().map(|(_, count)| *count).max() else {
        return String::new();
    };
    let mut chart = String::new();
    for (from, count) in rows {
        let eighths = match count {
            0 => 0,
            // Some is never drawn as none.
            count => (count * WIDTH * 8 / most).max(1),
        };
        let bar = if count == 0 {
            String::new()
        } else {
            characters.bar(eighths)
        };
        // Writing to a `String` does not fail.
        let _ = writeln!(
            chart,
            "{:>7} to {:>7}  {BAR}{bar}{BAR:#} {count}",
            time(from, characters),
            time(upper_bound(from), characters),
        );
    }
    chart
}

/// The largest bound that is not more than this.
fn lower_bound(time: u64) -> u64 {
    let power = 10_u64.pow(time.max(1).ilog10());
    match time / power {
        0 | 1 => power,
        2..5 => 2 * power,
        _ => 5 * power,
    }
}

/// The bound after this one.
fn upper_bound(bound: u64) -> u64 {
    let power = 10_u64.pow(bound.ilog10());
    match bound / power {
        1 => 2 * power,
        2 => 5 * power,
        _ => power.saturating_mul(10),
    }
}

/// A time in nanoseconds, with up to three figures.
pub(crate) fn time(nanos: u64, characters: Characters) -> String {
    let micro = match characters {
        Characters::Ascii => "us",
        Characters::Unicode => "µs",
    };
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), (micro, 1_000)];
    let Some((unit, scale)) = units.into_iter().find(|(_, scale)| nanos >= *scale) else {
        return format!("{nanos} ns");
    };
    let number = nanos as f64 / scale as f64;
    let decimals = match number {
        _ if nanos.is_multiple_of(scale) => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_1_2_and_5_times_a_power_of_ten() {
        for (time, from, to) in [
            (0, 1, 2),
            (1, 1, 2),
            (199, 100, 200),
            (200, 200, 500),
            (4_999, 2_000, 5_000),
            (5_000, 5_000, 10_000),
        ] {
            assert_eq!(lower_bound(time), from, "{time}");
            assert_eq!(upper_bound(from), to, "{time}");
        }
    }

    #[test]
    fn times_have_up_to_three_figures() {
        for (nanos, text) in [
            (999, "999 ns"),
            (1_000, "1 us"),
            (1_234, "1.23 us"),
            (12_345_678, "12.3 ms"),
            (200_000_000, "200 ms"),
            (10_500_000_000, "10.5 s"),
        ] {
            assert_eq!(time(nanos, Characters::Ascii), text);
        }
        assert_eq!(time(5_000, Characters::Unicode), "5 µs");
    }

    #[test]
    fn each_time_is_in_a_row_and_gaps_are_drawn() {
        let mut times = Histogram::new_with_max(1_000_000, 3).unwrap();
        times.record_n(1_500, 80).unwrap();
        times.record_n(2_500, 1).unwrap();
        times.record_n(15_000, 2).unwrap();
        let plain = |characters| {
            let chart = chart(&times, characters);
            chart
                .replace(&BAR.render().to_string(), "")
                .replace(&BAR.render_reset().to_string(), "")
        };
        assert_eq!(
            plain(Characters::Ascii),
            format!(
                "   1 us to    2 us  {} 80\n   2 us to    5 us  # 1\n   \
                 5 us to   10 us   0\n  10 us to   20 us  # 2\n",
                "#".repeat(40)
            )
        );
        assert!(plain(Characters::Unicode).contains("  ▌ 1\n"));
    }
}
