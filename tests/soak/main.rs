//! Many connections with faults of the network, for a stated time: `cargo xtask soak`.
//!
//! Options: `--connections N`, `--for TIME` in seconds or minutes, such as `90s` or `10m`, and
//! `--seed N`, which is printed. Each connection takes up to eight files of the process.

use std::process::ExitCode;
use std::time::Duration;

use integration_tests::soak::{Soak, Until};

const DEFAULT_CONNECTIONS: usize = 1000;
const DEFAULT_TIME: Duration = Duration::from_secs(10 * 60);

fn main() -> ExitCode {
    let soak = match parse(std::env::args().skip(1)) {
        Ok(soak) => soak,
        Err(message) => {
            eprintln!("soak: {message}");
            return ExitCode::FAILURE;
        }
    };
    println!("{soak:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let report = match runtime {
        Ok(runtime) => runtime.block_on(soak.run()),
        Err(error) => {
            eprintln!("soak: Tokio cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    print!("{report}");
    println!("no message was lost, came twice, or came out of order");
    if report.memory.is_none() {
        println!("it was too short to say whether memory is flat");
    }
    ExitCode::SUCCESS
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Soak, String> {
    let (mut connections, mut time, mut seed) = (DEFAULT_CONNECTIONS, DEFAULT_TIME, None);
    while let Some(option) = arguments.next() {
        // cargo says so to every benchmark.
        if option == "--bench" {
            continue;
        }
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("`{option}` needs a value"))
        };
        match option.as_str() {
            "--connections" => connections = number(&value()?)?,
            "--for" => time = duration(&value()?)?,
            "--seed" => seed = Some(number(&value()?)?),
            _ => return Err(format!("there is no option `{option}`")),
        }
    }
    Ok(Soak {
        connections,
        until: Until::Time(time),
        seed: seed.unwrap_or_else(|| fastrand::u64(..)),
    })
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    let number = value.parse();
    number.map_err(|_| format!("`{value}` is not a number in range"))
}

fn duration(value: &str) -> Result<Duration, String> {
    let unit = |suffix, seconds: u32| Some((value.strip_suffix(suffix)?, seconds));
    let (count, seconds) = unit('s', 1)
        .or_else(|| unit('m', 60))
        .ok_or_else(|| format!("`{value}` is no time such as 90s or 10m"))?;
    let count: u32 = number(count)?;
    Ok(Duration::from_secs(u64::from(count) * u64::from(seconds)))
}
