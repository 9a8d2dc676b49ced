use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::tool::{Ended, Tool, command};

/// A folder in which the tool runs, so that its messages have the names of files alone.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// A folder with these files in it.
    pub(crate) fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for (name, content) in files {
            fs::write(folder.path(name), content).expect("a file");
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file")
    }

    /// Runs the tool with these arguments and no standard input, to its end.
    pub(crate) async fn wasocket(&self, arguments: &[&str]) -> Ended {
        let mut tool = self.start(arguments);
        tool.end_input();
        tool.ended().await
    }

    /// Starts the tool with these arguments.
    pub(crate) fn start(&self, arguments: &[&str]) -> Tool {
        Tool::start_as(command(arguments).current_dir(self.0.path()))
    }
}
