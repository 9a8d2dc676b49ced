/// A component that this tool embeds.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// The version of WASI that it is for, as `--wasi` has it.
    pub(crate) wasi: &'static str,
    /// The component, in binary.
    pub(crate) component: &'static [u8],
}

/// All of them, the default first.
pub(crate) static EMBEDDED: [Embedded; 2] = [
    Embedded {
        wasi: "0.2",
        component: wasocket::COMPONENT,
    },
    Embedded {
        wasi: "0.3",
        component: wasocket::COMPONENT_0_3,
    },
];
