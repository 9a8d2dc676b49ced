//! The command-line tool, from the start of its process to its `open` event, with the component
//! compiled ahead of time.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::service::Service;
use crate::task::Purpose;

/// How often it is started at a time.
const COUNT: usize = 5;

pub(crate) struct ColdStart {
    cache: TempDir,
    url: String,
}

impl ColdStart {
    pub(crate) fn new(service: &Service) -> Self {
        let cold_start = Self {
            cache: tempfile::tempdir().expect("a directory"),
            url: service.target(false, Purpose::Echo).url,
        };
        // The first one compiles.
        cold_start.open();
        cold_start
    }

    pub(crate) fn times(&self) -> Vec<Duration> {
        (0..COUNT).map(|_| self.open()).collect()
    }

    fn open(&self) -> Duration {
        let start = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_wasocket"))
            .args(["--json", &self.url])
            .env("XDG_CACHE_HOME", self.cache.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let elapsed = start.elapsed();
        assert!(line.contains(r#""event":"open""#), "{line}");
        drop(process.stdin.take());
        assert!(process.wait().expect("its end").success());
        elapsed
    }
}
