use alloc::string::String;
use alloc::vec::Vec;

use crate::grammar::{is_token, is_token_octet};

/// One element of a Sec-WebSocket-Extensions header field (RFC 6455, section 9.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) extension: String,
    /// Each name with its value, if it has one, in order.
    pub(super) parameters: Vec<(String, Option<String>)>,
}

/// Reads the value of a Sec-WebSocket-Extensions header field; `None` if it is malformed.
pub(super) fn parse(value: &[u8]) -> Option<Vec<Element>> {
    let mut scanner = Scanner(value);
    let mut elements = Vec::new();
    loop {
        scanner.skip_white_space();
        // RFC 9110, section 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of
        // empty list elements".
        if scanner.eat(b',') {
            continue;
        }
        if scanner.0.is_empty() {
            return Some(elements);
        }
        elements.push(scanner.element()?);
        if !scanner.0.is_empty() && !scanner.eat(b',') {
            return None;
        }
    }
}

/// What is left to read.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn element(&mut self) -> Option<Element> {
        let extension = self.token()?;
        let mut parameters = Vec::new();
        // RFC 6455, section 9.1 has white space between all tokens, as RFC 2616 had it.
        self.skip_white_space();
        while self.eat(b';') {
            self.skip_white_space();
            let name = self.token()?;
            self.skip_white_space();
            let value = if self.eat(b'=') {
                self.skip_white_space();
                let value = self.value()?;
                self.skip_white_space();
                Some(value)
            } else {
                None
            };
            parameters.push((name, value));
        }
        Some(Element {
            extension,
            parameters,
        })
    }

    fn value(&mut self) -> Option<String> {
        if !self.eat(b'"') {
            return self.token();
        }
        let mut value = Vec::new();
        loop {
            let (&octet, rest) = self.0.split_first()?;
            self.0 = rest;
            match octet {
                // Section 9.1: "the value after quoted-string unescaping MUST conform to the
                // 'token' ABNF".
                b'"' => {
                    return is_token(&value)
                        .then(|| String::from_utf8(value).ok())
                        .flatten();
                }
                b'\\' => {
                    let (&escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    value.push(escaped);
                }
                octet => value.push(octet),
            }
        }
    }

    fn token(&mut self) -> Option<String> {
        let len = self
            .0
            .iter()
            .take_while(|octet| is_token_octet(octet))
            .count();
        let (token, rest) = self.0.split_at(len);
        self.0 = rest;
        // A token is ASCII.
        core::str::from_utf8(token)
            .ok()
            .filter(|token| !token.is_empty())
            .map(Into::into)
    }

    fn skip_white_space(&mut self) {
        // Line breaks stand in values that are folded.
        self.0 = self.0.trim_ascii_start();
    }

    fn eat(&mut self, octet: u8) -> bool {
        let rest = self.0.strip_prefix(&[octet]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(extension: &str, parameters: &[(&str, Option<&str>)]) -> Element {
        Element {
            extension: extension.into(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).into(), value.map(Into::into)))
                .collect(),
        }
    }

    #[test]
    fn the_forms_of_the_rfc_are_read() {
        let bits = |value| element("a", &[("b", None), ("c", Some(value))]);
        for (value, expected) in [
            ("", alloc::vec![]),
            (" , ,", alloc::vec![]),
            ("a", alloc::vec![element("a", &[])]),
            ("a;b;c=10", alloc::vec![bits("10")]),
            ("a ; b\t;\r\n c = 10 ", alloc::vec![bits("10")]),
            ("a; b; c=\"10\"", alloc::vec![bits("10")]),
            ("a; b; c=\"1\\0\"", alloc::vec![bits("10")]),
            (
                ",a, b; x ,, a",
                alloc::vec![
                    element("a", &[]),
                    element("b", &[("x", None)]),
                    element("a", &[])
                ],
            ),
        ] {
            assert_eq!(parse(value.as_bytes()), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for value in [
            "a b",
            "a;",
            "a; ;b",
            ";",
            "=",
            "a=b",
            "a; b=",
            "a; =c",
            "a; b=c d",
            "a; b=\"c",
            "a; b=\"c d\"",
            "a; b=\"\"",
            "a; b=\"\\",
            "a; b=c\"d\"",
            "a; b c",
            "\"a\"",
            "\u{e4}",
            "a; b=\u{e4}",
            "a; b=\"\u{e4}\"",
        ] {
            assert_eq!(parse(value.as_bytes()), None, "{value:?}");
        }
    }
}
