//! Lines that are edited on a terminal, with those of former times to go back to.

use std::borrow::Cow;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use etcetera::{BaseStrategy, choose_base_strategy};
use reedline::{
    ExternalPrinter, FileBackedHistory, Prompt, PromptEditMode, PromptHistorySearch, Reedline,
    Signal,
};
use tokio::sync::mpsc;

use crate::input::{Input, Inputs};
use crate::output::has_colours;
use crate::screen::Screen;

/// How many lines are kept for the next time.
const HISTORY_LEN: usize = 1000;

/// How many lines the editor prints at once.
const LINES_AT_ONCE: usize = 256;

/// How often the editor looks for lines to print.
const PERIOD: Duration = Duration::from_millis(20);

/// The thread that edits lines.
#[derive(Debug)]
pub(crate) struct Editor {
    thread: JoinHandle<()>,
    screen: Screen,
}

impl Editor {
    /// Whether there is a terminal to edit lines on.
    pub(crate) fn is_possible() -> bool {
        let dumb = env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb
    }

    /// Starts to edit lines, with those of `history` to go back to.
    pub(crate) fn start(screen: Screen, history: Option<FileBackedHistory>) -> (Self, Inputs) {
        let (tx, rx) = mpsc::channel(1);
        let thread = std::thread::spawn({
            let screen = screen.clone();
            move || edit(&screen, history, &tx)
        });
        (Self { thread, screen }, rx)
    }

    /// Ends editing, and gives the terminal back as it was. Nobody may be waiting for its lines.
    pub(crate) fn finish(self) {
        self.screen.finish();
        // If it panicked, it has said so.
        let _ = self.thread.join();
    }
}

/// Reads lines until the user has no more, or nobody wants them.
fn edit(
    screen: &Screen,
    history: Option<FileBackedHistory>,
    tx: &mpsc::Sender<Result<Input, String>>,
) {
    let printer = ExternalPrinter::new(LINES_AT_ONCE);
    let lines = printer.sender();
    let over = Arc::new(AtomicBool::new(false));
    let mut editor = Reedline::create()
        .with_ansi_colors(has_colours())
        .with_history_exclusion_prefix(Some(" ".to_owned()))
        .with_poll_interval(PERIOD)
        .with_external_printer(printer)
        .with_break_signal(over.clone())
        .with_idle_callback(Box::new({
            let screen = screen.clone();
            // The editor prints what it was given before it looks for keys, so that it has none
            // left when it gives up or returns a line.
            move || {
                if screen.hand_over(|line| lines.try_send(line.to_owned()).is_ok()) {
                    over.store(true, Ordering::Relaxed);
                }
            }
        }));
    if let Some(history) = history {
        editor = editor.with_history(Box::new(history));
    }
    loop {
        screen.start_editing();
        let signal = editor.read_line(&Arrow);
        let printed = screen.stop_editing();
        let input = match (signal, printed) {
            (Ok(Signal::Success(line)), Ok(())) => Ok(Input::Typed(line)),
            (Ok(Signal::CtrlC), Ok(())) => Ok(Input::Interrupt),
            // The end of input, or of the session.
            (Ok(_), Ok(())) => return,
            (Err(error), _) | (_, Err(error)) => Err(format!("terminal: {error}")),
        };
        let last = !matches!(input, Ok(Input::Typed(_)));
        if tx.blocking_send(input).is_err() || last {
            return;
        }
    }
}

/// The lines of former times, and those of this one to be kept: in a file that only its owner may
/// read, since what is sent may be a secret.
pub(crate) fn history() -> Result<FileBackedHistory, String> {
    let strategy = choose_base_strategy().map_err(|error| error.to_string())?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    let folder = state.join("wasocket");
    let file = folder.join("history");
    create(&folder, &file).map_err(|error| format!("{}: {error}", file.display()))?;
    FileBackedHistory::with_file(HISTORY_LEN, file.clone())
        .map_err(|error| format!("{}: {error}", file.display()))
}

fn create(folder: &Path, file: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.recursive(true).create(folder)?;
    options.create(true).append(true).open(file)?;
    Ok(())
}

/// What stands before the line that is edited.
struct Arrow;

impl Prompt for Arrow {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("| ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(search: {}) ", search.term))
    }
}
