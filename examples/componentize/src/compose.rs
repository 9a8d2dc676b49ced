use std::path::Path;

use anyhow::Result;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

use crate::component::{read, write};

/// Gives the component of an application what it imports of the component of websockets.
pub(crate) fn compose(app: &Path, websocket: &Path, out: &Path) -> Result<()> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, file| -> Result<_> {
        let package = Package::from_bytes(name, None, read(file)?, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let app = register("example:app", app)?;
    let websocket = register("wasocket:component", websocket)?;
    plug(&mut graph, vec![websocket], app)?;
    let composed = graph.encode(EncodeOptions::default())?;
    write(out, &composed)
}
