use std::path::{Path, PathBuf};

use anyhow::Result;

use super::part::{Part, Tool};
use super::{node, pins, python, say, script};

/// componentize-js, which is a script, and the Node that runs it.
pub(super) fn javascript(root: &Path) -> Result<(Tool, PathBuf)> {
    let part = Part::new(
        root,
        "componentize-js",
        "node_modules/@bytecodealliance/componentize-js/src/cli.js",
        pins::COMPONENTIZE_JS,
    );
    let tool = part.ensure(|dir| {
        say(&format!(
            "npm ci, with componentize-js {}",
            pins::COMPONENTIZE_JS
        ));
        let source = root.join("examples/javascript");
        let node = node::install(dir, &source, pins::OLDEST_NODE_FOR_COMPONENTS)?;
        Ok(format!("{}, Node {node}", pins::COMPONENTIZE_JS))
    })?;
    Ok((tool, part.dir().join("bin/node")))
}

/// componentize-py.
pub(super) fn python(root: &Path) -> Result<Tool> {
    let requirement = format!("componentize-py=={}", pins::COMPONENTIZE_PY);
    Part::new(root, "componentize-py", "bin/componentize-py", &requirement).ensure(|dir| {
        let version = python::create_venv(dir, &[&requirement])?;
        // pip's script names Python by where it was, and the folder is moved.
        script::write(
            &dir.join("bin/componentize-py"),
            "exec \"${0%/*}/python\" -c 'import componentize_py; componentize_py.script()' \"$@\"\n",
        )?;
        Ok(format!("{}, Python {version}", pins::COMPONENTIZE_PY))
    })
}
