//! Finds the components that the crate embeds, or builds them.
//!
//! The published package has them ready, so that users need neither the wasm target nor a C compiler
//! for it. In the repository they are built from `guest/`; `cargo xtask setup` installs what that
//! takes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One of the components.
struct Component {
    /// What the crate's sources know its path by.
    variable: &'static str,
    /// Where the published package has it.
    prebuilt: &'static str,
    /// The package that it is built from, and what cargo calls the result.
    package: &'static str,
    built: &'static str,
    /// How cargo builds it, and where under `target/`.
    profile: &'static str,
    features: &'static [&'static str],
    folder: &'static str,
    /// Added to those of `.cargo/config.toml`.
    rustflags: Option<&'static str>,
}

const FOR_WASI_0_2: Component = Component {
    variable: "WASOCKET_COMPONENT",
    prebuilt: "component/wasocket-0.2.wasm",
    package: "wasocket-wasip2",
    built: "wasocket_wasip2.wasm",
    profile: "component",
    features: &[],
    folder: "guest",
    rustflags: None,
};

/// What is ours alone, so that it may use what other engines need not have. ECDSA takes a third of the
/// time with wide arithmetic.
const EMBEDDED: Component = Component {
    variable: "WASOCKET_COMPONENT_EMBEDDED",
    prebuilt: "component/wasocket-embedded.wasm",
    features: &["--features=wide-arithmetic"],
    folder: "guest-embedded",
    rustflags: Some("-Ctarget-feature=+wide-arithmetic"),
    ..FOR_WASI_0_2
};

/// Without TLS of its own, for the host's.
const FOR_WASI_TLS: Component = Component {
    variable: "WASOCKET_COMPONENT_WASI_TLS",
    prebuilt: "component/wasocket-0.2-wasi-tls.wasm",
    profile: "component-wasi-tls",
    features: &["--no-default-features", "--features=wasi-tls"],
    ..FOR_WASI_0_2
};

const FOR_WASI_0_3: Component = Component {
    variable: "WASOCKET_COMPONENT_0_3",
    prebuilt: "component/wasocket-0.3.wasm",
    package: "wasocket-wasip3",
    built: "wasocket_wasip3.wasm",
    ..FOR_WASI_0_2
};

const TARGET: &str = "wasm32-wasip2";

fn main() {
    FOR_WASI_0_2.provide();
    if env::var_os("CARGO_FEATURE_COMPILE").is_some() {
        EMBEDDED.provide();
    }
    if env::var_os("CARGO_FEATURE_COMPONENT_0_3").is_some() {
        FOR_WASI_0_3.provide();
    }
    if env::var_os("CARGO_FEATURE_WASI_TLS").is_some() {
        FOR_WASI_TLS.provide();
    }
}

impl Component {
    /// Tells the crate's sources where it is.
    fn provide(&self) {
        let manifest_dir = PathBuf::from(var("CARGO_MANIFEST_DIR"));
        let prebuilt = manifest_dir.join(self.prebuilt);
        let component = if prebuilt.exists() {
            // Not otherwise: a file that is not there counts as changed.
            println!("cargo::rerun-if-changed={}", self.prebuilt);
            prebuilt
        } else {
            build(&manifest_dir.join(".."), self)
        };
        println!("cargo::rustc-env={}={}", self.variable, component.display());
    }
}

/// Builds a component in the repository; returns where it is.
fn build(root: &Path, component: &Component) -> PathBuf {
    for input in [
        "guest",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        ".tools/bin",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    // A directory of its own: the outer cargo holds the lock of its. One for all profiles, features
    // and targets of this crate, so that a component is built once: cargo has a tag for each
    // target too, within the outermost.
    let out_dir = PathBuf::from(var("OUT_DIR"));
    let target_dir = out_dir
        .ancestors()
        .filter(|directory| directory.join("CACHEDIR.TAG").exists())
        .last()
        .unwrap_or(&out_dir)
        .join(component.folder);

    let mut cargo = Command::new(var("CARGO"));
    cargo
        .current_dir(root)
        .args([
            "build",
            "--locked",
            "--profile",
            component.profile,
            "--package",
            component.package,
        ])
        .args(component.features)
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    // What cargo set for this crate is not meant for that one.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let cargos = name.starts_with("CARGO") && name != "CARGO_HOME" || name.starts_with("RUSTC");
        // ring's build script looks at OUT_DIR: it would be built anew for each that this one has.
        let others = ["HOST", "OUT_DIR", "RUSTFLAGS", "TARGET"];
        if cargos || others.contains(&name.as_ref()) {
            cargo.env_remove(name.as_ref());
        }
    }
    if let Some(flags) = component.rustflags {
        cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", flags);
    }
    for (name, value) in c_compiler(root) {
        cargo.env(name, value);
    }
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(_) => fail("the component could not be built (see above)"),
        Err(error) => fail(&format!("cargo could not be started: {error}")),
    }
    let built = target_dir
        .join(TARGET)
        .join(component.profile)
        .join(component.built);
    // A copy of our own: another build may put another component there while this one goes on.
    let copy = out_dir.join(component.variable).with_extension("wasm");
    if let Err(error) = fs::copy(&built, &copy) {
        fail(&format!("{}: {error}", built.display()));
    }
    copy
}

/// What `cargo xtask setup` found or installed to compile C for wasm, unless the caller chose.
fn c_compiler(root: &Path) -> Vec<(&'static str, String)> {
    let tools = root.join(".tools/bin");
    [
        ("CC_wasm32_wasip2", "wasm32-cc"),
        ("AR_wasm32_wasip2", "wasm32-ar"),
    ]
    .into_iter()
    .filter(|(name, _)| env::var_os(name).is_none())
    .map(|(name, tool)| (name, tools.join(tool)))
    .filter(|(_, tool)| tool.exists())
    .map(|(name, tool)| (name, tool.display().to_string()))
    .chain([("CFLAGS_wasm32_wasip2", "-msimd128".to_owned())])
    .collect()
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| fail(&format!("cargo did not set {name}")))
}

fn fail(message: &str) -> ! {
    println!(
        "cargo::error=wasocket: {message}. Run `cargo xtask setup` to install what building the \
         component takes"
    );
    std::process::exit(1);
}
