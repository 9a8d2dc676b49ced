use super::report::Report;

/// What the suite calls its classes of cases.
const CLASSES: [(u32, &str); 11] = [
    (1, "framing"),
    (2, "pings and pongs"),
    (3, "reserved bits"),
    (4, "opcodes"),
    (5, "fragmentation"),
    (6, "UTF-8"),
    (7, "closing handshake"),
    (9, "limits and performance"),
    (10, "automatic fragmentation"),
    (12, "compression, by kind and size of message"),
    (13, "compression, by parameters"),
];

/// The results as a page of the documentation. It has nothing of this machine or this time in it,
/// so that the same results are the same page.
pub(super) fn page(reports: &[(&str, Report)]) -> String {
    let columns = |cell: &dyn Fn(&str, &Report) -> String| -> String {
        let cells = reports.iter().map(|(name, report)| cell(name, report));
        cells.map(|cell| format!(" {cell} |")).collect()
    };
    let mut page = format!(
        "# Results of the Autobahn test suite\n\n\
         Written by `cargo xtask autobahn --update`, and compared with each run since. `core` is the \
         core alone;\nthe others are the components for WASI 0.2 and 0.3, over TCP and over TLS. \
         [README.md](README.md) says how.\n\n\
         | class | cases |{}\n|---|--:|{}\n",
        columns(&|name, _| name.to_owned()),
        columns(&|_, _| "---".to_owned()).replace(' ', ""),
    );
    let Some((_, first)) = reports.first() else {
        return page;
    };
    for (class, tally) in first.classes() {
        let name = CLASSES.iter().find(|(number, _)| *number == class);
        page += &format!(
            "| {class}.* {} | {} |{}\n",
            name.map_or("", |(_, name)| name),
            tally.count(),
            columns(&|_, report| {
                let classes = report.classes();
                classes
                    .get(&class)
                    .map_or_else(String::new, |tally| tally.short())
            })
        );
    }
    page += &format!(
        "| all | {} |{}\n",
        first.tally().count(),
        columns(&|_, report| report.tally().short())
    );
    page
}
