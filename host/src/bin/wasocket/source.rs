use std::future::pending;

use crate::args::TalkArgs;
use crate::editor::{self, Editor};
use crate::files::Opened;
use crate::input::{self, Cut, Input, Inputs, Payload};
use crate::output::Output;
use crate::screen::Screen;

/// Where the input of a session comes from: what was given, a terminal, or standard input.
#[derive(Debug)]
pub(crate) struct Source {
    given: Vec<Opened>,
    /// How long a message may be that is read whole, in bytes.
    max_len: usize,
    /// How long a file may be, in bytes, if it is read whole.
    max_file_len: Option<usize>,
    input: Option<Inputs>,
    editor: Option<Editor>,
}

impl Source {
    /// One that is not read yet.
    pub(crate) fn new(given: Vec<Opened>, max_len: usize, max_file_len: Option<usize>) -> Self {
        Self {
            given,
            max_len,
            max_file_len,
            input: None,
            editor: None,
        }
    }

    /// Starts to read it, unless that is so already.
    pub(crate) fn start(&mut self, talk: &TalkArgs, output: &mut Output) {
        if self.input.is_none() {
            self.input = Some(self.inputs(talk, output));
        }
    }

    fn inputs(&mut self, talk: &TalkArgs, output: &mut Output) -> Inputs {
        if !self.given.is_empty() {
            return input::read_given(std::mem::take(&mut self.given));
        }
        let cut = match (talk.one, talk.binary) {
            (false, false) if Editor::is_possible() => {
                let screen = Screen::default();
                let (editor, inputs) = Editor::start(screen.clone(), history(talk, output));
                self.editor = Some(editor);
                output.print_on(screen);
                return inputs;
            }
            (false, false) => Cut::Lines,
            (false, true) => Cut::Pieces,
            (true, false) => Cut::WholeText,
            (true, true) => {
                let all = Opened::standard_input(Payload::Binary, self.max_file_len);
                return input::read_given(vec![all]);
            }
        };
        input::read(cut, self.max_len)
    }

    /// What the user wants, or an error; `None` at the end.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Result<Input, String>> {
        match &mut self.input {
            Some(input) => input.recv().await,
            None => pending().await,
        }
    }

    /// What was read already.
    pub(crate) fn read_already(&mut self) -> Option<Input> {
        self.input.as_mut()?.try_recv().ok()?.ok()
    }

    /// Ends reading, and gives the terminal back.
    pub(crate) fn finish(self) {
        drop(self.input);
        if let Some(editor) = self.editor {
            editor.finish();
        }
    }
}

/// The lines of former times. It works without, and that is all.
fn history(talk: &TalkArgs, output: &Output) -> Option<reedline::FileBackedHistory> {
    if talk.no_history {
        return None;
    }
    editor::history()
        .inspect_err(|message| output.note(&format!("history: {message}")))
        .ok()
}
