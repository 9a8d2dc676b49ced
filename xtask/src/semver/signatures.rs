use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The types in the public API: of functions, fields, constants and associated types, by the paths of
/// these. cargo-semver-checks does not compare them.
pub(super) struct Signatures(BTreeMap<String, Value>);

impl Signatures {
    /// Those in what rustdoc says of a crate, as JSON.
    pub(super) fn of(api: &Value) -> Self {
        let names = Names::of(api);
        let mut found = BTreeMap::new();
        for (id, path) in &names.public {
            names.collect(path, &api["index"][id], &mut found);
        }
        Self(found)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// What of this is another in `current`, each in a line. What is gone, the tool tells.
    pub(super) fn changed_in(&self, current: &Self) -> Vec<String> {
        let both = self.0.iter().filter_map(|(path, recorded)| {
            let current = current.0.get(path)?;
            (current != recorded).then(|| format!("{path}: was {recorded}, is {current}"))
        });
        both.collect()
    }
}

/// What rustdoc says of a crate, and where callers find what is in it.
struct Names<'a> {
    api: &'a Value,
    /// The paths of the crate's own items, by their numbers: those of its public modules, whatever the
    /// modules are in which they are written.
    public: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    fn of(api: &'a Value) -> Self {
        let mut names = Self {
            api,
            public: BTreeMap::new(),
        };
        let root = &api["index"][api["root"].to_string()];
        names.add_module(root["name"].as_str().unwrap_or_default(), root);
        names
    }

    fn add_module(&mut self, path: &str, module: &Value) {
        for child in self.children(&module["inner"]["module"]["items"]) {
            let import = &child["inner"]["use"];
            let (id, name) = if import.is_null() {
                (&child["id"], &child["name"])
            } else {
                (&import["id"], &import["name"])
            };
            let item = &self.api["index"][id.to_string()];
            let path = format!("{path}::{}", name.as_str().unwrap_or_default());
            if !item["inner"]["module"].is_null() {
                self.add_module(&path, item);
            } else if !item.is_null() {
                self.public.insert(id.to_string(), path);
            }
        }
    }

    /// Collects the signatures of an item with this path, and of all in it.
    fn collect(&self, path: &str, item: &Value, found: &mut BTreeMap<String, Value>) {
        let mut insert = |signature: &Value| {
            found.insert(path.to_owned(), self.with_whole_paths(signature));
        };
        let inner = item["inner"]
            .as_object()
            .and_then(|inner| inner.iter().next());
        let Some((kind, inner)) = inner else {
            return;
        };
        match kind.as_str() {
            "function" => {
                let inputs = inner["sig"]["inputs"].as_array().into_iter().flatten();
                // Callers do not name parameters.
                let inputs: Vec<&Value> = inputs.map(|input| &input[1]).collect();
                insert(&json!({
                    "generics": inner["generics"],
                    "inputs": inputs,
                    "is_async": inner["header"]["is_async"],
                    "output": inner["sig"]["output"],
                }));
            }
            "struct_field" => insert(inner),
            "assoc_type" | "constant" => insert(&inner["type"]),
            "impl" => self.collect_impl(path, inner, found),
            "struct" | "enum" | "variant" => {
                for of_impl in self.children(&inner["impls"]) {
                    self.collect(path, of_impl, found);
                }
                // Each kind has its fields elsewhere.
                let kind = &inner["kind"];
                let members = [
                    &inner["variants"],
                    &kind["tuple"],
                    &kind["plain"]["fields"],
                    &kind["struct"]["fields"],
                ];
                for member in members.into_iter().flat_map(|ids| self.children(ids)) {
                    self.collect(&path_in(path, member), member, found);
                }
            }
            // Not in this crate so far.
            _ => {}
        }
    }

    fn collect_impl(&self, path: &str, inner: &Value, found: &mut BTreeMap<String, Value>) {
        let is_written = inner["is_synthetic"] == false && inner["blanket_impl"].is_null();
        if !is_written {
            return;
        }
        let of_trait = &inner["trait"];
        for child in self.children(&inner["items"]) {
            if of_trait.is_null() {
                self.collect(&path_in(path, child), child, found);
            } else if child["inner"]["function"].is_null() {
                // The functions of a trait have the types that it says.
                let of_trait = self.with_whole_paths(of_trait);
                let path = path_in(&format!("<{path} as {of_trait}>"), child);
                self.collect(&path, child, found);
            }
        }
    }

    /// The items with these numbers that are public.
    fn children(&self, ids: &'a Value) -> impl Iterator<Item = &'a Value> + use<'a> {
        let api = self.api;
        let ids = ids.as_array().into_iter().flatten();
        ids.filter_map(|id| api["index"].get(id.to_string()))
    }

    /// With the whole paths of types and traits in place of what was written and of numbers, which are
    /// others each time.
    fn with_whole_paths(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut whole = Map::new();
                for (name, field) in fields {
                    whole.insert(name.clone(), self.with_whole_paths(field));
                }
                if let Some(id) = whole.remove("id") {
                    let id = id.to_string();
                    let path = match self.public.get(&id) {
                        Some(path) => path.as_str().into(),
                        None => self.api["paths"][id]["path"].clone(),
                    };
                    whole.insert("path".to_owned(), path);
                }
                Value::Object(whole)
            }
            Value::Array(values) => values
                .iter()
                .map(|value| self.with_whole_paths(value))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }
}

/// The path of an item that is in one with this path.
fn path_in(path: &str, item: &Value) -> String {
    format!("{path}::{}", item["name"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate that re-exports, by item `base`, a struct of a private module with one method, which has
    /// one parameter, of type `String`.
    fn api(base: u64, module: &str, parameter: &str, output: &str) -> Value {
        let [import, of_struct, of_impl, method] = [1, 2, 3, 4].map(|number| base + number);
        let key = |id: u64| id.to_string();
        let string = json!({"resolved_path": {"path": "String", "id": 90, "args": null}});
        json!({
            "root": base,
            "paths": {
                key(of_struct): {"path": ["ours", module, "Socket"]},
                "90": {"path": ["alloc", "string", "String"]},
            },
            "index": {
                key(base): {"name": "ours", "inner": {"module": {"items": [import]}}},
                key(import): {"name": null, "inner": {"use": {"name": "Socket", "id": of_struct}}},
                key(of_struct): {
                    "name": "Socket",
                    "inner": {"struct": {"kind": "unit", "impls": [of_impl]}},
                },
                key(of_impl): {"name": null, "inner": {"impl": {
                    "is_synthetic": false,
                    "blanket_impl": null,
                    "trait": null,
                    "items": [method],
                }}},
                key(method): {"name": "len", "inner": {"function": {
                    "generics": {"params": []},
                    "header": {"is_async": false},
                    "sig": {"inputs": [[parameter, string]], "output": {"primitive": output}},
                }}},
            },
        })
    }

    #[test]
    fn another_type_is_a_change() {
        let recorded = Signatures::of(&api(10, "socket", "of", "u64"));
        let changed = recorded.changed_in(&Signatures::of(&api(10, "socket", "of", "u32")));
        let [line] = &changed[..] else {
            panic!("{changed:?}");
        };
        assert!(line.starts_with("ours::Socket::len: was "), "{line}");
        assert!(line.contains(r#"["alloc","string","String"]"#), "{line}");
    }

    #[test]
    fn other_numbers_private_modules_and_names_of_parameters_are_none() {
        let recorded = Signatures::of(&api(10, "socket", "of", "u64"));
        assert_eq!(recorded.count(), 1);
        let changed = recorded.changed_in(&Signatures::of(&api(20, "sockets", "text", "u64")));
        assert_eq!(changed, [""; 0]);
    }
}
