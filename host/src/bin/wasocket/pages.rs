//! `wasocket completions` and `wasocket man`.

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::args::Args;
use crate::exit::Exit;
use crate::output::{complain, failed, write};

/// Prints what makes `shell` complete the command line.
pub(crate) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "wasocket", &mut script);
    print(&script)
}

/// Prints the manual page: of the tool, or of one command of it.
pub(crate) fn man(command: Option<&str>) -> Exit {
    let mut tool = Args::command();
    // Gives the commands their options that are for all of them, and their whole names.
    tool.build();
    let page = match command {
        None => tool,
        Some(name) => match tool.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                complain(&format!("there is no command {name}"));
                return Exit::Usage;
            }
        },
    };
    let mut roff = Vec::new();
    match Man::new(page).render(&mut roff) {
        Ok(()) => print(&roff),
        Err(error) => failed(&error),
    }
}

fn print(bytes: &[u8]) -> Exit {
    match write(bytes) {
        Ok(()) => Exit::Success,
        Err(error) => failed(&error),
    }
}
