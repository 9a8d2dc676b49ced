use std::env;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::part::{Part, Tool};
use super::probe::Probe;
use super::{apt, pins, say, script, zig};
use crate::process::{find, output};

/// What makes ring's ChaCha20 1.25 times as fast.
pub(super) const CFLAGS: &str = "-msimd128";

/// The variables with which cargo builds the component, once [`wasm`](super::wasm) was called.
///
/// They are those that the crate `cc` reads for this target, so other builds do not change.
pub(crate) fn wasm_env(root: &Path) -> Vec<(String, String)> {
    let part = part(root, &Wanted::Any);
    [
        (
            "CC_wasm32_wasip2",
            part.dir().join("wasm32-cc").display().to_string(),
        ),
        (
            "AR_wasm32_wasip2",
            part.dir().join("wasm32-ar").display().to_string(),
        ),
        ("CFLAGS_wasm32_wasip2", CFLAGS.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// A C compiler for wasm32, which ring needs, and its archiver.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    let wanted = Wanted::from_env(root)?;
    let part = part(root, &wanted);
    let tool = part.ensure(|dir| {
        let candidate = Candidate::new(root, dir)?;
        let program = match &wanted {
            Wanted::Given { cc, ar } => candidate.given(cc, ar.as_deref())?,
            Wanted::Any => candidate.any()?,
            Wanted::Zig => candidate.zig()?,
        };
        candidate.accept(&program)
    })?;
    Ok(Tool {
        name: "wasm32-cc",
        program: part.dir().join("wasm32-cc"),
        ..tool
    })
}

/// Which compiler is wanted.
enum Wanted {
    /// The user's.
    Given { cc: String, ar: Option<String> },
    /// A clang if there is one or can be one, or else zig.
    Any,
    /// zig, whatever there is.
    Zig,
}

impl Wanted {
    fn from_env(root: &Path) -> Result<Self> {
        match env::var("WASOCKET_WASM_CC").as_deref() {
            Ok("zig") => return Ok(Self::Zig),
            Ok(other) => bail!("WASOCKET_WASM_CC may be `zig` or not set, not `{other}`"),
            Err(_) => {}
        }
        let bin = part(root, &Self::Any).dir().to_owned();
        // This may run in an environment that already has `wasm_env`.
        let given = |name| {
            env::var(name)
                .ok()
                .filter(|value| !Path::new(value).starts_with(&bin))
        };
        Ok(match given("CC_wasm32_wasip2") {
            None => Self::Any,
            Some(cc) => Self::Given {
                cc,
                ar: given("AR_wasm32_wasip2"),
            },
        })
    }
}

/// `compiler`, in there, is a link to the compiler, so that it is noticed when that is gone.
fn part(root: &Path, wanted: &Wanted) -> Part {
    let pin = match wanted {
        Wanted::Given { cc, ar } => format!("{cc}-{}", ar.as_deref().unwrap_or_default()),
        // Which may be zig.
        Wanted::Any => format!("any-zig-{}", pins::ZIGLANG),
        Wanted::Zig => format!("zig-{}", pins::ZIGLANG),
    };
    Part::new(root, "bin", "compiler", &pin)
}

/// The two scripts, while they are made for one compiler after the other until one will do.
struct Candidate<'a> {
    root: &'a Path,
    cc: PathBuf,
    ar: PathBuf,
    link: PathBuf,
    probe: Probe,
}

impl<'a> Candidate<'a> {
    fn new(root: &'a Path, dir: &Path) -> Result<Self> {
        Ok(Self {
            root,
            cc: dir.join("wasm32-cc"),
            ar: dir.join("wasm32-ar"),
            link: dir.join("compiler"),
            probe: Probe::new(dir.join("probe"))?,
        })
    }

    /// The user's compiler. All of these return the program that is run in the end.
    fn given(&self, cc: &str, ar: Option<&str>) -> Result<PathBuf> {
        // As the crate `cc` has it: a path, or a command with arguments such as `ccache clang`.
        let words = match find(cc) {
            Some(_) => vec![cc],
            None => cc.split_whitespace().collect(),
        };
        let program = words.first().and_then(|word| find(word));
        let program = program.with_context(|| format!("CC_wasm32_wasip2: there is no `{cc}`"))?;
        let archivers = match ar.map(|ar| (ar, find(ar))) {
            Some((_, Some(archiver))) => vec![archiver],
            Some((ar, None)) => bail!("AR_wasm32_wasip2: there is no `{ar}`"),
            None => archivers(&program),
        };
        let words: Vec<_> = words.iter().map(script::quote).collect();
        self.check(&words.join(" "), &archivers)
            .context("CC_wasm32_wasip2 is no C compiler for wasm32")?;
        Ok(program)
    }

    fn any(&self) -> Result<PathBuf> {
        let mut errors = Vec::new();
        let attempts: [&dyn Fn() -> Result<PathBuf>; 3] =
            [&|| self.clang(), &|| self.installed_clang(), &|| self.zig()];
        for attempt in attempts {
            match attempt() {
                Ok(program) => return Ok(program),
                Err(error) => errors.push(format!("{error:#}")),
            }
        }
        Err(anyhow!(
            "there is no C compiler for wasm32, which ring needs; gcc and Apple's clang are none. \
             Install clang and llvm (Debian: `apt-get install clang llvm`; Fedora: `dnf install \
             clang llvm`; macOS: `brew install llvm`, and set CC_wasm32_wasip2 to its bin/clang), \
             or Python with venv, for zig, and run `cargo xtask setup` again. What was tried:\n{}",
            errors.join("\n")
        ))
    }

    /// A clang that is on PATH.
    fn clang(&self) -> Result<PathBuf> {
        let mut errors = Vec::new();
        let versioned = (14..=21).rev().map(|version| format!("clang-{version}"));
        for name in ["clang".to_owned()].into_iter().chain(versioned) {
            let Some(program) = find(&name) else {
                continue;
            };
            match self.check(&script::quote(&program), &archivers(&program)) {
                Ok(()) => return Ok(program),
                Err(error) => errors.push(format!("{error:#}")),
            }
        }
        if errors.is_empty() {
            bail!("there is no clang on PATH");
        }
        bail!(errors.join("\n"))
    }

    fn installed_clang(&self) -> Result<PathBuf> {
        if !apt::may_install() {
            bail!("there is no apt-get that may install one");
        }
        apt::install(&["clang", "llvm"])?;
        self.clang()
    }

    fn zig(&self) -> Result<PathBuf> {
        let zig = zig::ensure(self.root)?.program;
        script::write(&self.cc, &zig::cc(&zig))?;
        script::write(&self.ar, &zig::ar(&zig))?;
        self.probe.compile(&self.cc)?;
        self.probe.link(&self.ar, self.root)?;
        Ok(zig)
    }

    /// Fails unless this command compiles and one of the archivers archives what it makes.
    fn check(&self, cc: &str, archivers: &[PathBuf]) -> Result<()> {
        script::write(&self.cc, &format!("exec {cc} \"$@\"\n"))?;
        self.probe.compile(&self.cc)?;
        let mut result = Err(anyhow!("there is no llvm-ar and no ar on PATH"));
        for archiver in archivers {
            let archiver = script::quote(archiver);
            script::write(&self.ar, &format!("exec {archiver} \"$@\"\n"))?;
            result = self.probe.link(&self.ar, self.root);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Leaves in the folder what belongs there; returns the version.
    fn accept(self, program: &Path) -> Result<String> {
        self.probe.remove()?;
        symlink(program, self.link)?;
        say(&format!("{} compiles C for wasm32", program.display()));
        let text = output(Command::new(self.cc).arg("--version"))?;
        let version = text.lines().next().unwrap_or("unknown version");
        Ok(format!("{version}, {}", program.display()))
    }
}

/// What may archive the objects of a clang, best first.
///
/// GNU's `ar` writes archives of wasm objects without an index; Rust's linker reads them all the
/// same, so where there is no llvm-ar it will do.
fn archivers(clang: &Path) -> Vec<PathBuf> {
    let own = output(Command::new(clang).arg("-print-prog-name=llvm-ar")).unwrap_or_default();
    [own.as_str(), "llvm-ar", "ar"]
        .into_iter()
        .filter_map(find)
        .collect()
}
