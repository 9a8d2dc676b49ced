//! What a component has for debuggers alone.

use anyhow::{Context, Result};
use wasmparser::{Chunk, Parser, Payload};

/// The component without the names of its items, which the linker writes and has no option to leave out.
/// The names of functions are in the modules, where the profile's `strip` drops them.
///
/// # Errors
///
/// If it is no component.
pub(crate) fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    let mut stripped = Vec::with_capacity(component.len());
    let mut parser = Parser::new(0);
    let mut rest = component;
    loop {
        let (payload, mut len) = match parser.parse(rest, true)? {
            Chunk::Parsed { consumed, payload } => (payload, consumed),
            Chunk::NeedMoreData(_) => unreachable!("these were all"),
        };
        let is_names = match &payload {
            Payload::ModuleSection {
                unchecked_range: inner,
                ..
            }
            | Payload::ComponentSection {
                unchecked_range: inner,
                ..
            } => {
                // As it is: the parser goes on behind it.
                len += usize::try_from(inner.end - inner.start)?;
                false
            }
            Payload::CustomSection(section) => section.name() == "component-name",
            Payload::End(_) => return Ok(stripped),
            _ => false,
        };
        let (section, after) = rest
            .split_at_checked(len)
            .context("a section is longer than the component")?;
        if !is_names {
            stripped.extend_from_slice(section);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::without_names;

    const HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";

    fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        let len = u8::try_from(contents.len()).unwrap();
        assert!(len < 0x80, "its LEB128 has one byte");
        [&[id, len], contents].concat()
    }

    fn custom(name: &str, contents: &[u8]) -> Vec<u8> {
        let len = u8::try_from(name.len()).unwrap();
        section(0, &[&[len], name.as_bytes(), contents].concat())
    }

    #[test]
    fn the_names_go_and_all_else_stays() {
        let names = custom("component-name", b"what is called what");
        let producers = custom("producers", b"\0");
        let module = section(1, &[&b"\0asm\x01\0\0\0"[..], &custom("name", b"")].concat());
        let inner = section(4, &[&HEADER[..], &names].concat());
        let component = [&HEADER[..], &module, &names, &inner, &producers].concat();
        assert_eq!(
            without_names(&component).unwrap(),
            [&HEADER[..], &module, &inner, &producers].concat()
        );
    }

    #[test]
    fn what_is_no_component_is_refused() {
        without_names(b"").unwrap_err();
        without_names(b"#!/bin/sh").unwrap_err();
        let module = section(1, &[0; 8]);
        without_names(&[&HEADER, &module[..4]].concat()).unwrap_err();
    }
}
