//! Tests of the desk through HTTP: people and programs act, and each test runs on both engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "nothing is public here")]

/// Makes two tests of each function named: `NAME::sqlite` and `NAME::postgres`. A function takes a running `TestApp`.
/// In
/// `with_fresh_data: NAME, NAME` it takes what the runner `with_fresh_data` supplies.
macro_rules! on_both_engines {
    ($run:path: $($test:ident),+ $(,)?) => { $(
        mod $test {
            #[allow(unused_imports, reason = "the runner may be a path of its own")]
            use super::*;

            #[test]
            fn sqlite() {
                $run($crate::fixture::engine::Fresh::folder(), super::$test);
            }

            #[test]
            fn postgres() {
                $run($crate::fixture::engine::Fresh::schema(), super::$test);
            }
        }
    )+ };
    ($($test:ident),+ $(,)?) => { on_both_engines! { $crate::actors::run: $($test),+ } };
}

mod account;
mod actors;
mod callback;
mod cluster;
mod edge;
mod fixture;
mod house;
mod operating;
mod pages;
mod people;
mod queue;
mod store;
mod table;
mod weixin;
