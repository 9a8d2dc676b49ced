use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tokio::sync::Notify;
use tokio::time::timeout;
use vt100::{Callbacks, Parser, Screen};

/// How long it may take until something is shown: less than a test may, so that what is shown in its
/// place is told.
const TIMEOUT: Duration = Duration::from_secs(50);

/// How many rows it has.
const ROWS: NonZeroU16 = NonZeroU16::new(24).expect("not zero");

/// How many columns it has.
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).expect("not zero");

/// A terminal, for programs that want to run on one: its keyboard, and what it shows.
#[derive(Debug)]
pub struct Terminal {
    keyboard: File,
    shown: Arc<Shown>,
}

struct Shown {
    parser: Mutex<Parser<Answers>>,
    /// Told when something is drawn.
    drawn: Notify,
}

/// Answers what programs ask of a terminal.
struct Answers {
    keyboard: File,
}

impl Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        _: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        // Where the cursor is.
        if (parameters, last) == (&[&[6]], 'n') {
            let (row, column) = screen.cursor_position();
            write!(self.keyboard, "\x1b[{};{}R", row + 1, column + 1).expect("a terminal");
        }
    }
}

impl Terminal {
    /// A terminal with nothing on it.
    ///
    /// Returns it with what a program takes as standard input, output and error. What it draws is
    /// drawn until all of those are closed.
    ///
    /// # Panics
    ///
    /// If the system has no more of them.
    pub fn open() -> (Self, File) {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("its other end");
        unlockpt(&controller).expect("its other end");
        let path = ptsname(&controller, Vec::new()).expect("its name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = rustix::fs::open(path, flags, Mode::empty()).expect("its other end");
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: COLUMNS.get(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&controller, size).expect("a size");

        let keyboard = || File::from(duplicate(&controller));
        let answers = Answers {
            keyboard: keyboard(),
        };
        let shown = Arc::new(Shown {
            parser: Mutex::new(Parser::new_with_callbacks(ROWS, COLUMNS, 0, answers)),
            drawn: Notify::new(),
        });
        let terminal = Self {
            keyboard: keyboard(),
            shown: shown.clone(),
        };
        std::thread::spawn(move || shown.draw(File::from(controller)));
        (terminal, File::from(device))
    }

    /// Presses these keys.
    ///
    /// # Panics
    ///
    /// If there is no terminal any more.
    pub fn press(&self, keys: &str) {
        let mut keyboard = &self.keyboard;
        keyboard.write_all(keys.as_bytes()).expect("a terminal");
    }

    /// Waits until it shows exactly these lines, without empty ones at the end.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn until_it_shows(&self, lines: &[&str]) -> impl Future<Output = ()> {
        let expected = lines.join("\n");
        self.until(move |shown| shown == expected)
    }

    /// Waits until what it shows is as it should be.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn until(&self, is_right: impl Fn(&str) -> bool) -> impl Future<Output = ()> {
        let place = Location::caller();
        async move {
            let right = timeout(TIMEOUT, async {
                loop {
                    let drawn = self.shown.drawn.notified();
                    if is_right(&self.contents()) {
                        return;
                    }
                    drawn.await;
                }
            });
            let right = right.await.is_ok();
            assert!(right, "{place}: it shows\n{}", self.contents());
        }
    }

    /// Whether it shows keys as they are pressed, and gives them line by line: as it was in the
    /// beginning.
    ///
    /// # Panics
    ///
    /// If there is no terminal any more.
    pub fn is_as_before(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).expect("a terminal").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    fn contents(&self) -> String {
        let parser = self.shown.parser();
        let lines = parser.screen().rows(0, COLUMNS.get());
        let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }
}

impl Shown {
    fn draw(&self, mut controller: File) {
        let mut bytes = [0; 4096];
        // It fails when the other end is closed.
        while let Ok(len @ 1..) = controller.read(&mut bytes) {
            self.parser().process(&bytes[..len]);
            self.drawn.notify_waiters();
        }
    }

    fn parser(&self) -> MutexGuard<'_, Parser<Answers>> {
        self.parser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

fn duplicate(end: &impl AsFd) -> OwnedFd {
    end.as_fd().try_clone_to_owned().expect("a descriptor")
}
