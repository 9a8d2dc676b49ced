use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

/// A language for which bindings are generated.
pub(crate) enum Language {
    C,
    Go,
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "c" => Ok(Self::C),
            "go" => Ok(Self::Go),
            other => bail!("no bindings are generated for `{other}`, but for `c` and `go`"),
        }
    }
}

/// Writes what gives a world to programs in this language, below `dir`.
pub(crate) fn generate(
    language: Language,
    mut resolve: Resolve,
    world: WorldId,
    dir: &Path,
) -> Result<()> {
    let mut generator = match language {
        Language::C => wit_bindgen_c::Opts::default().build(),
        Language::Go => wit_bindgen_go::Opts {
            // A module of their own, beside that of the example, which has what is exported.
            pkg_name: Some("bindings".to_owned()),
            export_pkg_name: Some("example".to_owned()),
            ..Default::default()
        }
        .build(),
    };
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        let file = dir.join(name);
        let folder = file.parent().unwrap_or(dir);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&file, content).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
