use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes an executable script for `sh`.
pub(super) fn write(path: &Path, body: &str) -> Result<()> {
    let text = format!("#!/bin/sh\n# Written by `cargo xtask setup`.\n{body}");
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A word as `sh` reads it.
pub(super) fn quote(word: impl AsRef<Path>) -> String {
    let word = word.as_ref().to_string_lossy();
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_word_stays_in_it() {
        assert_eq!(quote("it's here"), r"'it'\''s here'");
    }
}
