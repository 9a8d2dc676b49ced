/// Waits in a line of Tokio's, such as that of a semaphore, with a place in it from the first poll on.
///
/// Without this, whoever comes when the budget of its task is used up gets no place yet, and is
/// overtaken by those who come later.
pub(crate) fn in_line<F: Future>(wait: F) -> impl Future<Output = F::Output> {
    tokio::task::unconstrained(wait)
}
