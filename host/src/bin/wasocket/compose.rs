use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;
use wac_graph::types::{Package, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

use crate::embedded::EMBEDDED;

/// What the names of our interfaces start with.
const PACKAGE: &str = "wasocket:websocket/";

/// How WebAssembly in binary starts.
const MAGIC: &[u8] = b"\0asm";

/// What follows in a core module. A component has another number there.
const CORE_MODULE: &[u8] = &[1, 0, 0, 0];

/// Why components cannot be composed.
#[derive(Debug, Error)]
pub(crate) enum ComposeError {
    #[error("{}", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error(
        "{}: a core module, not a component: make a component of it, such as by `wasm-tools \
         component new`",
        file.display()
    )]
    CoreModule { file: PathBuf },
    #[error(
        "{}: text, not a component: if it is WebAssembly's, make it binary, such as by `wasm-tools \
         parse`",
        file.display()
    )]
    Text { file: PathBuf },
    #[error("{}: not a component: it does not start as WebAssembly does", file.display())]
    NotWasm { file: PathBuf },
    #[error("{}: not a valid component, or not all of it", file.display())]
    Invalid {
        file: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error(
        "{}: it imports nothing of wasocket:websocket, so that there is nothing to compose it \
         with: {}",
        file.display(), imported(imports)
    )]
    NotImported { file: PathBuf, imports: Vec<String> },
    #[error(
        "{}: it exports nothing of wasocket:websocket, and cannot be given by --with: {}",
        file.display(), exported(exports)
    )]
    NotExported { file: PathBuf, exports: Vec<String> },
    #[error(
        "{}: it imports {import}, but {giver} has {}: build it for what is there, or name a \
         component that exports what it imports by --with",
        file.display(), exports.join(", ")
    )]
    NotGiven {
        file: PathBuf,
        import: String,
        giver: String,
        exports: Vec<String>,
    },
    #[error(
        "{}: what it imports as {import} is not what {giver} has as {export}: build both for the \
         same version",
        file.display()
    )]
    Mismatch {
        file: PathBuf,
        import: String,
        giver: String,
        export: String,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("the components cannot be composed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl ComposeError {
    fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}

/// Composes the component in `file` with the component in `with`, or with those of this tool that
/// it asks for. Returns the result in binary.
pub(crate) fn compose(file: &Path, with: Option<&Path>) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let consumer = register(&mut graph, "consumer", file, read(file)?)?;
    let imports = imports(&graph, consumer);
    if !imports.iter().any(is_ours) {
        return Err(ComposeError::NotImported {
            file: file.to_owned(),
            imports,
        });
    }
    let offers = offers(&mut graph, with)?;
    let giver = || match with {
        Some(file) => file.display().to_string(),
        None => "this tool".to_owned(),
    };

    let instance = graph.instantiate(consumer);
    let mut givers = HashMap::new();
    for import in imports.iter().filter(is_ours) {
        let (package, export) = offers
            .iter()
            .find(|(_, export)| are_semver_compatible(export, import))
            .ok_or_else(|| ComposeError::NotGiven {
                file: file.to_owned(),
                import: import.clone(),
                giver: giver(),
                exports: offers.iter().map(|(_, export)| export.clone()).collect(),
            })?;
        // One instance of each: the interfaces of a package share their types.
        let from = *givers
            .entry(*package)
            .or_insert_with(|| graph.instantiate(*package));
        let argument = graph
            .alias_instance_export(from, export)
            .map_err(ComposeError::failed)?;
        graph
            .set_instantiation_argument(instance, import, argument)
            .map_err(|error| ComposeError::Mismatch {
                file: file.to_owned(),
                import: import.clone(),
                giver: giver(),
                export: export.clone(),
                source: error.into(),
            })?;
    }
    for name in exports(&graph, consumer) {
        let export = graph
            .alias_instance_export(instance, &name)
            .map_err(ComposeError::failed)?;
        graph.export(export, name).map_err(ComposeError::failed)?;
    }
    graph
        .encode(EncodeOptions::default())
        .map_err(ComposeError::failed)
}

/// Reads a component; an error says what it is instead.
fn read(file: &Path) -> Result<Vec<u8>, ComposeError> {
    let read = fs::read(file);
    let file = file.to_owned();
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(source) => return Err(ComposeError::Read { file, source }),
    };
    match bytes.strip_prefix(MAGIC) {
        Some(rest) if rest.starts_with(CORE_MODULE) => Err(ComposeError::CoreModule { file }),
        Some(_) => Ok(bytes),
        None if !bytes.is_empty() && str::from_utf8(&bytes).is_ok() => {
            Err(ComposeError::Text { file })
        }
        None => Err(ComposeError::NotWasm { file }),
    }
}

/// Adds a component to the graph, by a name that no other has there. An error names the file.
fn register(
    graph: &mut CompositionGraph,
    name: &str,
    file: &Path,
    component: impl Into<Vec<u8>>,
) -> Result<PackageId, ComposeError> {
    let invalid = |source| ComposeError::Invalid {
        file: file.to_owned(),
        source,
    };
    let package = Package::from_bytes(name, None, component, graph.types_mut())
        .map_err(|error| invalid(error.into()))?;
    graph
        .register_package(package)
        .map_err(|error| invalid(error.into()))
}

/// The interfaces of ours that there are to compose with, and which component has each.
fn offers(
    graph: &mut CompositionGraph,
    with: Option<&Path>,
) -> Result<Vec<(PackageId, String)>, ComposeError> {
    let mut packages = Vec::new();
    if let Some(file) = with {
        let package = register(graph, "given", file, read(file)?)?;
        let exports = exports(graph, package);
        if !exports.iter().any(is_ours) {
            return Err(ComposeError::NotExported {
                file: file.to_owned(),
                exports,
            });
        }
        packages.push(package);
    } else {
        for embedded in &EMBEDDED {
            let name = format!("wasocket-{}", embedded.wasi);
            packages.push(register(
                graph,
                &name,
                Path::new(&name),
                embedded.component,
            )?);
        }
    }
    let offers = packages.into_iter().flat_map(|package| {
        let exports = exports(graph, package).into_iter().filter(is_ours);
        exports.map(move |export| (package, export))
    });
    Ok(offers.collect())
}

fn imports(graph: &CompositionGraph, package: PackageId) -> Vec<String> {
    let world = &graph.types()[graph[package].ty()];
    world.imports.keys().cloned().collect()
}

fn exports(graph: &CompositionGraph, package: PackageId) -> Vec<String> {
    let world = &graph.types()[graph[package].ty()];
    world.exports.keys().cloned().collect()
}

fn is_ours(name: &impl AsRef<str>) -> bool {
    name.as_ref().starts_with(PACKAGE)
}

fn imported(names: &[String]) -> String {
    match names {
        [] => "it has no imports".to_owned(),
        names => format!("it imports {}", names.join(", ")),
    }
}

fn exported(names: &[String]) -> String {
    match names {
        [] => "it has no exports".to_owned(),
        names => format!("it exports {}", names.join(", ")),
    }
}
