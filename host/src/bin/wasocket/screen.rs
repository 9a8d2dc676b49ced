use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::output::write;

/// How many bytes of lines may wait to be printed before whoever prints has to wait.
const MAX_WAITING: usize = 1 << 20;

/// Prints lines on a terminal: above the line that is edited, while one is.
///
/// While one is, the terminal is the editor's, and lines wait for it to take them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when lines were taken, or no line is edited any more.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    bytes: usize,
    /// A line is being edited.
    editing: bool,
    /// No more lines are wanted from the user.
    over: bool,
}

impl Screen {
    /// Prints lines.
    pub(crate) fn print(&self, lines: String) -> io::Result<()> {
        let state = self.state();
        let mut state = self
            .0
            .room
            .wait_while(state, |state| state.editing && state.bytes >= MAX_WAITING)
            .unwrap_or_else(PoisonError::into_inner);
        if !state.editing {
            return write(format!("{lines}\n").as_bytes());
        }
        state.bytes += lines.len();
        state.waiting.push_back(lines);
        Ok(())
    }

    /// Lets the editor have the terminal.
    pub(crate) fn start_editing(&self) {
        self.state().editing = true;
    }

    /// Takes the terminal back, and prints what waits.
    pub(crate) fn stop_editing(&self) -> io::Result<()> {
        let mut state = self.state();
        state.editing = false;
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        self.0.room.notify_all();
        // Before the state is given free: what comes next is to be printed after it.
        for lines in waiting {
            write(format!("{lines}\n").as_bytes())?;
        }
        Ok(())
    }

    /// Ends editing: the editor is to give up the line.
    pub(crate) fn finish(&self) {
        self.state().over = true;
    }

    /// Hands lines over to the editor, for as long as it takes them. Returns whether the editor is
    /// to give up the line, which it is not before it has all of them.
    pub(crate) fn hand_over(&self, mut take: impl FnMut(&str) -> bool) -> bool {
        let mut state = self.state();
        let over = state.over && state.waiting.is_empty();
        while let Some(lines) = state.waiting.pop_front() {
            if !take(&lines) {
                state.waiting.push_front(lines);
                break;
            }
            state.bytes -= lines.len();
        }
        self.0.room.notify_all();
        over
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
