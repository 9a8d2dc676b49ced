use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Result;

use super::part::{Part, Tool};
use super::{pins, python, script};

/// zig names targets otherwise than the crate `cc`. Where nothing is optimized it also checks for
/// undefined behaviour, by functions that only its own linker knows.
const CC: &str = r#"for argument do
    shift
    case $argument in
    --target=*) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
set -- cc -target wasm32-wasi -fno-sanitize=all "$@"
"#;

/// zig, whose `zig cc` is a clang for every target: PyPI has it ready to run.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    let requirement = format!("ziglang=={}", pins::ZIGLANG);
    Part::new(root, "zig", "bin/zig", &requirement).ensure(|dir| {
        python::create_venv(dir, &[&requirement])?;
        let package = python::package_dir(dir, "ziglang")?;
        symlink(
            Path::new("..").join(package).join("zig"),
            dir.join("bin/zig"),
        )?;
        Ok(pins::ZIGLANG.to_owned())
    })
}

/// The script that is a C compiler for wasm32.
pub(super) fn cc(zig: &Path) -> String {
    format!("{CC}{}", exec(zig))
}

/// The script that is its archiver.
pub(super) fn ar(zig: &Path) -> String {
    format!("set -- ar \"$@\"\n{}", exec(zig))
}

fn exec(zig: &Path) -> String {
    // Or else zig would write below the home directory.
    let cache = script::quote(zig.with_file_name("cache"));
    let zig = script::quote(zig);
    format!("ZIG_GLOBAL_CACHE_DIR={cache} exec {zig} \"$@\"\n")
}
