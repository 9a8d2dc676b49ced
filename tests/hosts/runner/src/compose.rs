use anyhow::Result;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// Gives a component that imports `wasocket:websocket` the component that exports it.
pub(crate) fn compose(command: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let component = wasocket::COMPONENT.to_vec();
    let component = Package::from_bytes("wasocket:websocket", None, component, graph.types_mut())?;
    let component = graph.register_package(component)?;
    let command = Package::from_bytes("wasocket:command", None, command, graph.types_mut())?;
    let command = graph.register_package(command)?;
    plug(&mut graph, vec![component], command)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
