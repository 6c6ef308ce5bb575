//! Several nodes, and their clocks.

use crate::actors::{TestApp, run};
use crate::fixture::engine::Fresh;

mod clock;
mod heads;
mod nodes;
mod time;
mod together;

/// Runs a test with two nodes on one PostgreSQL, each with a clock of its own.
pub fn on_two_nodes(test: impl AsyncFnOnce(TestApp, TestApp)) {
    run(Fresh::schema(), async |here: TestApp| {
        let there = here.joined(8).await;
        let other = there.inner.stop.clone();
        test(here, there).await;
        other.cancel();
    });
}
