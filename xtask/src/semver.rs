//! `cargo xtask semver`: compares the public API of the crate `wasocket`, with all its features, with
//! the one that was recorded. cargo-semver-checks knows what breaks callers, but for another type in a
//! signature, which is compared here.
//!
//! What this cannot see: what an item does; that a feature is gone, or that an item is behind another
//! one.

mod signatures;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use crate::cargo::cargo;
use crate::process;
use crate::setup::{self, workspace_root};
use signatures::Signatures;

/// The API that was recorded: what rustdoc says of it, as far as the lints read that.
const RECORDED: &str = "host/api/wasocket.json.gz";

const TOOL: &str = "cargo-semver-checks";

/// What to do about an API that is not the recorded one.
const ADVICE: &str = "the public API is not compatible with what was recorded of it. If callers are to \
    be broken, raise the minor version in Cargo.toml, say so in CHANGELOG.md as **(breaking)**, and \
    record the API anew by `cargo xtask semver --record`";

/// What to do with the public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Compare it with the recorded one.
    Compare,
    /// Fail if rustdoc says anything else of it than of the recorded one. If it does not, there is
    /// nothing to compare, and no need of the tool, which takes longer to build than all of this.
    ExpectSame,
    /// Record it.
    Record,
}

pub(crate) fn run(task: Task) -> Result<()> {
    setup::wasm()?;
    let current = Api::current()?;
    if task == Task::Record {
        return current.record();
    }
    let recorded = Api::recorded()?;
    if task == Task::ExpectSame {
        ensure!(
            current.without_places() == recorded.without_places(),
            "the public API is not the recorded one, though it may be compatible with it: \
             `cargo xtask semver` compares them"
        );
        println!("the public API is as recorded");
        return Ok(());
    }
    for what in ["crate_version", "format_version"] {
        let (recorded, current) = (&recorded.0[what], &current.0[what]);
        ensure!(
            recorded == current,
            "{RECORDED} is of {what} {recorded}, and the crate of {current}: \
             `cargo xtask semver --record` records it anew"
        );
    }
    let tool = process::find(TOOL).with_context(|| {
        format!("there is no {TOOL}; .ci/run says of which version it is to be")
    })?;
    let mut command = Command::new(tool);
    command
        .arg("semver-checks")
        .arg("--baseline-rustdoc")
        .arg(recorded.write("recorded")?)
        .arg("--current-rustdoc")
        .arg(current.write("current")?)
        // Additions are compatible; the version is raised when it is released.
        .arg("--release-type=minor");
    process::show(command).context(ADVICE)?;
    let recorded_signatures = Signatures::of(&recorded.0);
    let changed = recorded_signatures.changed_in(&Signatures::of(&current.0));
    ensure!(changed.is_empty(), "{ADVICE}:\n{}", changed.join("\n"));
    println!("{} signatures are as recorded", recorded_signatures.count());
    Ok(())
}

/// What rustdoc says of the public API, as JSON.
struct Api(Value);

impl Api {
    /// What it is now. In the folder of what else is built, and with the same features, so that the
    /// documentation's dependencies will do.
    fn current() -> Result<Self> {
        let root = workspace_root();
        process::show({
            let mut command = cargo(&["doc", "--locked", "--workspace", "--all-features"]);
            command
                .args(["--no-deps", "--lib"])
                .env("RUSTDOC", root.join("xtask/src/semver/rustdoc"))
                .env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json");
            command
        })?;
        let file = root.join("target/doc/wasocket.json");
        let text = fs::read(&file).with_context(|| file.display().to_string())?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    fn recorded() -> Result<Self> {
        let file = workspace_root().join(RECORDED);
        let text = process::output_bytes(Command::new("gzip").arg("-dc").arg(&file))?;
        Self::parse(&text).context(RECORDED)
    }

    fn parse(text: &[u8]) -> Result<Self> {
        let mut api: Value = serde_json::from_slice(text)?;
        keep_what_lints_read(&mut api)?;
        Ok(Self(api))
    }

    fn record(&self) -> Result<()> {
        let text = self.write("current")?;
        // Without the file's name and time: what is recorded depends on the API alone.
        let recorded = process::output_bytes(Command::new("gzip").args(["-9nc"]).arg(text))?;
        fs::write(workspace_root().join(RECORDED), &recorded).context(RECORDED)?;
        println!(
            "{RECORDED} is the public API now, in {} bytes",
            recorded.len()
        );
        Ok(())
    }

    /// The same wherever in the files it stands.
    fn without_places(&self) -> Value {
        let mut api = self.0.clone();
        if let Some(index) = api["index"].as_object_mut() {
            for item in index.values_mut() {
                item["span"] = Value::Null;
            }
        }
        api
    }

    /// Writes it to where the tool reads it.
    fn write(&self, name: &str) -> Result<PathBuf> {
        let folder = workspace_root().join("target/semver");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let file = folder.join(name).with_extension("json");
        fs::write(&file, self.0.to_string()).with_context(|| file.display().to_string())?;
        Ok(file)
    }
}

/// Takes out the documentation, where this machine has what others wrote, and the paths of what the API
/// does not name: rustdoc has those of all public items of all dependencies, which would be most of what
/// is recorded.
fn keep_what_lints_read(api: &mut Value) -> Result<()> {
    let index = object(api, "index")?;
    for item in index.values_mut() {
        item["docs"] = Value::Null;
        item["links"] = Value::Object(Map::new());
        let file = item["span"]["filename"].as_str();
        if file.is_some_and(|file| file.starts_with('/')) {
            item["span"] = Value::Null;
        }
    }
    let mut named = BTreeSet::new();
    for item in index.values() {
        ids(item, &mut named);
    }
    for dependency in object(api, "external_crates")?.values_mut() {
        dependency["path"] = "".into();
    }
    object(api, "paths")?.retain(|id, _| id.parse().is_ok_and(|id| named.contains(&id)));
    Ok(())
}

/// The numbers of the items that are named anywhere in this.
fn ids(value: &Value, named: &mut BTreeSet<u64>) {
    match value {
        Value::Object(fields) => {
            named.extend(fields.get("id").and_then(Value::as_u64));
            fields.values().for_each(|field| ids(field, named));
        }
        Value::Array(values) => values.iter().for_each(|value| ids(value, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn object<'a>(api: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>> {
    api.get_mut(name)
        .and_then(Value::as_object_mut)
        .with_context(|| format!("rustdoc's JSON has no `{name}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_other_crates_only_what_is_named_is_kept() {
        let item = |docs: Value, links: Value, span: Value| {
            let argument = json!(["argument", {"resolved_path": {"id": 7}}]);
            json!({"id": 1, "docs": docs, "links": links, "inner": [argument], "span": span})
        };
        let ours = json!({"filename": "host/src/half.rs"});
        let another = json!({"filename": "/home/me/tokio.rs"});
        let text = json!("It sends [`Bytes`].");
        let links = json!({"`Bytes`": 8});
        let mut api = json!({
            "index": {"1": item(text.clone(), links.clone(), ours.clone()), "2": item(text, links, another)},
            "paths": {"1": "ours", "7": "named", "8": "another"},
            "external_crates": {"3": {"path": "/home/me/libtokio.rmeta"}},
        });
        keep_what_lints_read(&mut api).expect("kept");
        let expected = json!({
            "index": {
                "1": item(Value::Null, json!({}), ours),
                "2": item(Value::Null, json!({}), Value::Null),
            },
            "paths": {"1": "ours", "7": "named"},
            "external_crates": {"3": {"path": ""}},
        });
        assert_eq!(api, expected);
    }

    #[test]
    fn places_make_no_difference_and_all_else_does() {
        let api = |line: u64, name: &str| {
            let span = json!({"begin": [line, 1]});
            Api(json!({"index": {"1": {"name": name, "span": span}}})).without_places()
        };
        assert_eq!(api(1, "send"), api(2, "send"));
        assert_ne!(api(1, "send"), api(1, "ping"));
    }

    #[test]
    fn what_is_not_of_rustdoc_is_refused() {
        let error = Api::parse(b"{}").map(|_| ()).expect_err("an error");
        assert_eq!(error.to_string(), "rustdoc's JSON has no `index`");
    }
}
