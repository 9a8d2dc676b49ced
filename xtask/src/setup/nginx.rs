use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::part::{Part, Tool};
use super::{apt, say, script};
use crate::process::{find, output};

/// Starts the nginx that is unpacked beside it, with the libraries that are.
const LAUNCHER: &str = r#"debian=${0%/*}/../debian
# Debian has libraries in a folder for each architecture, such as x86_64-linux-gnu.
for libraries in "$debian"/lib/*-linux-* "$debian"/usr/lib/*-linux-*; do
    LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$debian/usr/sbin/nginx" "$@"
"#;

/// nginx with TLS: the system's, or else Debian's package, unpacked, so that no service starts.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    Part::new(root, "nginx", "bin/nginx", "any").ensure(|dir| {
        fs::create_dir(dir.join("bin"))?;
        let program = dir.join("bin/nginx");
        if let Some(nginx) = installed_nginx() {
            symlink(&nginx, program)?;
            return version(&nginx);
        }
        if find("apt-get").is_none() {
            bail!(
                "there is no nginx with its module http_ssl on PATH. Install nginx and run `cargo \
                 xtask setup` again"
            );
        }
        say("unpacking Debian's nginx");
        apt::unpack(&["nginx"], &dir.join("debian")).context(
            "Debian's nginx cannot be unpacked. Run `apt-get update` as root, or install nginx, \
             and run `cargo xtask setup` again",
        )?;
        script::write(&program, LAUNCHER)?;
        version(&program)
    })
}

fn installed_nginx() -> Option<PathBuf> {
    // It is often where only root looks for it.
    ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"]
        .into_iter()
        .filter_map(find)
        .find(|nginx| version(nginx).is_ok())
}

/// The version of an nginx that can do TLS.
fn version(nginx: &Path) -> Result<String> {
    // It prints this on its standard error.
    let text = output(
        Command::new("sh")
            .args(["-c", "exec \"$0\" -e stderr -V 2>&1"])
            .arg(nginx),
    )?;
    if !text.contains("--with-http_ssl_module") {
        bail!("{} has no module http_ssl", nginx.display());
    }
    // The first line is like `nginx version: nginx/1.22.1`.
    let version = text.lines().next().and_then(|line| line.split('/').nth(1));
    Ok(version.unwrap_or("unknown").to_owned())
}
