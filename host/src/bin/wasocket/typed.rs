//! What a line says that is typed on a terminal.

/// What `/help` prints.
pub(crate) const HELP: &str = "\
/ping [TEXT]           ping the server, and wait for its pong
/close [CODE [REASON]] close the connection, with code 1000 if none is given
/help                  print this
//TEXT                 send /TEXT
Ctrl-D, Ctrl-C         close the connection";

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed<'a> {
    /// To send this.
    Message(&'a str),
    Ping(&'a str),
    Close(u16, &'a str),
    Help,
}

/// The close code that is sent when none is given.
const NORMAL_CLOSURE: u16 = 1000;

/// Understands a line; an error says what is wrong with it.
pub(crate) fn understand(line: &str) -> Result<Typed<'_>, String> {
    let Some(command) = line.strip_prefix('/') else {
        return Ok(Typed::Message(line));
    };
    if command.starts_with('/') {
        return Ok(Typed::Message(command));
    }
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    let rest = rest.trim();
    match (name, rest) {
        ("ping", payload) => Ok(Typed::Ping(payload)),
        ("close", "") => Ok(Typed::Close(NORMAL_CLOSURE, "")),
        ("close", rest) => {
            let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let code = code.parse().map_err(|_| {
                format!("{code:?} is not a close code, which is a number such as 1000")
            })?;
            Ok(Typed::Close(code, reason.trim_start()))
        }
        ("help", "") => Ok(Typed::Help),
        _ => Err(format!(
            "there is no command {line:?}: /help has all, and //{command} sends it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages_unless_they_begin_with_a_slash() {
        assert_eq!(understand("a /b"), Ok(Typed::Message("a /b")));
        assert_eq!(understand(""), Ok(Typed::Message("")));
        assert_eq!(understand("//a b"), Ok(Typed::Message("/a b")));
        assert_eq!(understand("///"), Ok(Typed::Message("//")));
    }

    #[test]
    fn commands_take_what_follows_them() {
        assert_eq!(understand("/ping"), Ok(Typed::Ping("")));
        assert_eq!(understand("/ping are you"), Ok(Typed::Ping("are you")));
        assert_eq!(understand("/close"), Ok(Typed::Close(1000, "")));
        assert_eq!(
            understand("/close 4000 so long"),
            Ok(Typed::Close(4000, "so long"))
        );
        assert_eq!(understand("/help"), Ok(Typed::Help));
    }

    #[test]
    fn what_is_no_command_is_not_sent() {
        for line in ["/", "/pingpong", "/help me", "/close now", "/close 70000"] {
            assert!(understand(line).is_err(), "{line}");
        }
    }
}
