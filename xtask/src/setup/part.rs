use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::say;

/// A tool that is installed.
pub(crate) struct Tool {
    /// What it is called in the summary.
    pub(crate) name: &'static str,
    /// Its version, for people.
    pub(crate) version: String,
    /// Where it is.
    pub(crate) program: PathBuf,
}

/// One folder under `.tools`, which is there as a whole or not at all.
pub(super) struct Part {
    name: &'static str,
    dir: PathBuf,
    program: &'static str,
    pin: String,
}

impl Part {
    /// The folder of this name, with `program` in it.
    ///
    /// `pin` tells one content from another: if it changes, the folder is installed anew.
    pub(super) fn new(root: &Path, name: &'static str, program: &'static str, pin: &str) -> Self {
        Self {
            name,
            dir: root.join(".tools").join(name),
            program,
            // It becomes a part of the name of a file.
            pin: pin.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-"),
        }
    }

    /// Where the folder is, once it is installed.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Installs the folder unless it is installed.
    ///
    /// `fill` gets an empty folder to fill, which is moved to [`Self::dir`] then; it returns the
    /// version. What is in there may name files by the place they will have.
    ///
    /// # Errors
    ///
    /// If `fill` does, or the folder cannot be written.
    pub(super) fn ensure(&self, fill: impl FnOnce(&Path) -> Result<String>) -> Result<Tool> {
        if let Some(tool) = self.installed() {
            return Ok(tool);
        }
        let _lock = self.lock()?;
        // Whoever had the lock may have been at the same.
        if let Some(tool) = self.installed() {
            return Ok(tool);
        }
        let partial = self.dir.with_extension("partial");
        remove(&partial)?;
        fs::create_dir(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
        let version = fill(&partial)?;
        remove(&self.dir)?;
        fs::rename(&partial, &self.dir)?;
        let resolved = self.resolved()?;
        // Last, and in one step: an installation that was interrupted has no stamp.
        let stamp = self.dir.join("stamp");
        fs::write(&stamp, format!("{version}\n{}\n", resolved.display()))?;
        fs::rename(&stamp, self.stamp())?;
        Ok(self.tool(version))
    }

    /// The tool, if the folder is installed.
    pub(super) fn installed(&self) -> Option<Tool> {
        let stamp = fs::read_to_string(self.stamp()).ok()?;
        let (version, resolved) = stamp.trim_end().split_once('\n')?;
        // What is linked from outside may be gone, or be another one since.
        (self.resolved().ok()? == Path::new(resolved)).then(|| self.tool(version.to_owned()))
    }

    fn tool(&self, version: String) -> Tool {
        Tool {
            name: self.name,
            version,
            program: self.dir.join(self.program),
        }
    }

    fn resolved(&self) -> Result<PathBuf> {
        let program = self.dir.join(self.program);
        fs::canonicalize(&program).with_context(|| format!("{} is missing", program.display()))
    }

    fn stamp(&self) -> PathBuf {
        self.dir.join(format!("installed-{}", self.pin))
    }

    /// Waits for whoever installs the same folder; the lock ends with the file.
    fn lock(&self) -> Result<File> {
        let path = self.dir.with_extension("lock");
        if let Some(tools) = path.parent() {
            fs::create_dir_all(tools)
                .with_context(|| format!("cannot create {}", tools.display()))?;
        }
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if file.try_lock().is_err() {
            say(&format!("waiting for another setup of {}", self.name));
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::env;

    use anyhow::bail;

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let dir = env::temp_dir().join(format!("xtask-{}-{test}", std::process::id()));
            fs::create_dir(&dir).unwrap();
            Self(dir)
        }

        fn part(&self, pin: &str) -> Part {
            Part::new(&self.0, "part", "program", pin)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn fill(dir: &Path) -> Result<String> {
        fs::write(dir.join("program"), "")?;
        Ok("version".to_owned())
    }

    fn is_filled(part: &Part) -> bool {
        let filled = Cell::new(false);
        let tool = part.ensure(|dir| {
            filled.set(true);
            fill(dir)
        });
        assert_eq!(tool.unwrap().version, "version");
        filled.get()
    }

    #[test]
    fn what_is_installed_is_not_installed_again() {
        let scratch = Scratch::new("again");
        assert!(is_filled(&scratch.part("1.0")));
        assert!(!is_filled(&scratch.part("1.0")));
    }

    #[test]
    fn another_pin_is_installed_anew() {
        let scratch = Scratch::new("pin");
        assert!(is_filled(&scratch.part("1.0")));
        assert!(is_filled(&scratch.part("CC=/opt/clang")));
        assert!(is_filled(&scratch.part("1.0")));
    }

    #[test]
    fn what_failed_is_not_installed() {
        let scratch = Scratch::new("failed");
        let part = scratch.part("1.0");
        let result = part.ensure(|dir| {
            fill(dir)?;
            bail!("interrupted")
        });
        assert_eq!(result.err().unwrap().to_string(), "interrupted");
        assert!(!part.dir().exists());
        assert!(is_filled(&part));
    }

    #[test]
    fn what_lost_its_program_is_installed_anew() {
        let scratch = Scratch::new("lost");
        let part = scratch.part("1.0");
        assert!(is_filled(&part));
        fs::remove_file(part.dir().join("program")).unwrap();
        assert!(is_filled(&part));
    }
}
