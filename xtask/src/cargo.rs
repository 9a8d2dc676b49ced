//! Running cargo in this workspace.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::setup::{self, wasm_env, workspace_root};
use crate::strip;

/// cargo in the workspace's folder, able to build the component. `--locked` goes with every command
/// that builds: what is tested is what Cargo.lock says.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // Set by cargo, which runs this program.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .current_dir(workspace_root())
        .envs(wasm_env(workspace_root()))
        .args(arguments);
    command
}

/// The versions of WASI that there is a component for.
#[derive(Clone, Copy)]
pub(crate) enum Wasi {
    V0_2,
    V0_3,
}

impl Wasi {
    /// What stands in names of files.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::V0_2 => "0.2",
            Self::V0_3 => "0.3",
        }
    }

    /// The package of the component, and what cargo calls what it makes of it.
    fn shell(self) -> (&'static str, &'static str) {
        match self {
            Self::V0_2 => ("wasocket-wasip2", "wasocket_wasip2.wasm"),
            Self::V0_3 => ("wasocket-wasip3", "wasocket_wasip3.wasm"),
        }
    }
}

/// Builds one program, by `cargo build` with these arguments; returns where it is.
///
/// # Errors
///
/// If it does not build, or is none.
pub(crate) fn executable(arguments: &[&str]) -> Result<PathBuf> {
    executable_for(arguments, &[])
}

/// The same with these variables set, which say how to build for another machine.
///
/// # Errors
///
/// As [`executable`].
pub(crate) fn executable_for(
    arguments: &[&str],
    environment: &[(String, OsString)],
) -> Result<PathBuf> {
    let build = || {
        let mut command = cargo(&["build", "--locked"]);
        command.args(arguments).envs(environment.iter().cloned());
        command
    };
    // By itself, so that what takes a while or does not compile is seen.
    process::show(build())?;
    let messages = process::output(build().args(["--quiet", "--message-format=json"]))?;
    let executable = messages.lines().rev().find_map(|message| {
        let (_, rest) = message.split_once(r#""executable":""#)?;
        Some(rest.split_once('"')?.0.into())
    });
    executable.with_context(|| format!("cargo does not say where `{}` is", arguments.join(" ")))
}

/// The components that the repository makes.
#[derive(Clone, Copy)]
pub(crate) enum Component {
    /// For any host of this version of WASI.
    Of(Wasi),
    /// The same without TLS, built for size.
    WithoutTls(Wasi),
    /// What asks its host for TLS, by `wasi:tls`.
    WithHostTls,
    /// What the crate `wasocket` embeds, for its own engine.
    Embedded,
}

impl Component {
    pub(crate) const ALL: [Self; 6] = [
        Self::Of(Wasi::V0_2),
        Self::Of(Wasi::V0_3),
        Self::WithoutTls(Wasi::V0_2),
        Self::WithoutTls(Wasi::V0_3),
        Self::WithHostTls,
        Self::Embedded,
    ];

    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Of(wasi) => format!("wasocket-{}.wasm", wasi.version()),
            Self::WithoutTls(wasi) => format!("wasocket-{}-without-tls.wasm", wasi.version()),
            Self::WithHostTls => "wasocket-0.2-wasi-tls.wasm".into(),
            Self::Embedded => "wasocket-embedded.wasm".into(),
        }
    }

    fn wasi(self) -> Wasi {
        match self {
            Self::Of(wasi) | Self::WithoutTls(wasi) => wasi,
            Self::WithHostTls | Self::Embedded => Wasi::V0_2,
        }
    }

    fn profile(self) -> &'static str {
        match self {
            Self::Of(_) | Self::Embedded => "component",
            Self::WithoutTls(_) => "component-small",
            Self::WithHostTls => "component-wasi-tls",
        }
    }

    fn target(self) -> &'static Target {
        match self {
            Self::Embedded => &Target::EMBEDDED,
            _ => &Target::ANY_HOST,
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Of(_) => &[],
            Self::WithoutTls(_) => &["--no-default-features"],
            Self::WithHostTls => &["--no-default-features", "--features=wasi-tls"],
            Self::Embedded => &[WIDE_ARITHMETIC],
        }
    }

    /// Builds it; returns where it is, without the names of its items.
    ///
    /// # Errors
    ///
    /// If something that building it takes cannot be had, or it does not build.
    pub(crate) fn build(self) -> Result<PathBuf> {
        setup::wasm()?;
        let (package, file) = self.wasi().shell();
        // As the build script of `host/` does, and in its folder, so that it is built once.
        let built = build(package, self.profile(), self.target(), self.options(), file)?;
        let component = fs::read(&built).with_context(|| built.display().to_string())?;
        let stripped = strip::without_names(&component)
            .with_context(|| format!("{} is no component", built.display()))?;

        let folder = workspace_root().join("target/components");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(self.file_name());
        fs::write(&path, stripped).with_context(|| path.display().to_string())?;
        Ok(path)
    }
}

/// Builds what the crate `wasocket` embeds with the names of its functions, for profiles; returns where it
/// is.
///
/// # Errors
///
/// As [`Component::build`].
pub(crate) fn build_embedded_component_with_names() -> Result<PathBuf> {
    setup::wasm()?;
    let (package, file) = Component::Embedded.wasi().shell();
    build(
        package,
        Component::Embedded.profile(),
        &Target {
            folder: "guest-names",
            ..Target::EMBEDDED
        },
        &[WIDE_ARITHMETIC, "--config=profile.component.strip=false"],
        file,
    )
}

/// Builds a package for wasm, with the profile and the folder of our components: what they share is
/// built once. Returns where `file` is, which is what cargo makes of it.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build_guest(package: &str, file: &str) -> Result<PathBuf> {
    build(package, "component", &Target::ANY_HOST, &[], file)
}

/// What a component is built for.
struct Target {
    /// Where under `target/` cargo works.
    folder: &'static str,
    /// Added to those of `.cargo/config.toml`.
    rustflags: Option<&'static str>,
}

impl Target {
    const ANY_HOST: Self = Self {
        folder: "guest",
        rustflags: None,
    };

    /// As `host/build.rs` has it.
    const EMBEDDED: Self = Self {
        folder: "guest-embedded",
        rustflags: Some("-Ctarget-feature=+wide-arithmetic"),
    };
}

/// What the embedded component has beside the flags of its target.
const WIDE_ARITHMETIC: &str = "--features=wide-arithmetic";

fn build(
    package: &str,
    profile: &str,
    target: &Target,
    options: &[&str],
    file: &str,
) -> Result<PathBuf> {
    let folder = workspace_root().join("target").join(target.folder);
    let mut command = cargo(&[
        "build",
        "--locked",
        "--package",
        package,
        "--target=wasm32-wasip2",
        "--target-dir",
    ]);
    command.arg(&folder);
    command.args(["--profile", profile]).args(options);
    let rustflags = target
        .rustflags
        .map(|flags| ("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", flags));
    command.envs(rustflags);
    process::show(command)?;
    Ok(folder.join("wasm32-wasip2").join(profile).join(file))
}

/// The folder to which cargo unpacked a crate that the workspace with this manifest depends on.
///
/// # Errors
///
/// If cargo does not know it.
pub(crate) fn source_of(name: &str, manifest: &str) -> Result<PathBuf> {
    let arguments = ["metadata", "--locked", "--format-version=1"];
    let metadata = process::output(cargo(&arguments).args(["--manifest-path", manifest]))?;
    // A whole parser for one path would be out of proportion. The names of crates.io's folders
    // have no quotes in them.
    let marker = format!("/{name}-");
    let manifest = metadata
        .split('"')
        .find(|value| value.contains(&marker) && value.ends_with("/Cargo.toml"));
    manifest
        .map(Path::new)
        .and_then(Path::parent)
        .map(Path::to_owned)
        .with_context(|| format!("cargo does not know where {name} is"))
}
