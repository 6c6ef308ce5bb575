//! The desk through its front door: people act, and every sentence is tried on both engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "nothing is public here")]

/// Sentences, each tried on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* async fn $sentence:ident($app:ident: App) $body:block)*) => { $(
        $(#[$doc])*
        mod $sentence {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            fn sqlite() {
                $crate::actors::run($crate::actors::Engine::Sqlite, |$app: App| Box::pin(async move $body));
            }

            #[test]
            fn postgres() {
                $crate::actors::run($crate::actors::Engine::Postgres, |$app: App| Box::pin(async move $body));
            }
        }
    )* };
}

/// A sentence about processes on each engine.
macro_rules! with_fresh_data {
    ($(async fn $sentence:ident($fresh:ident) $body:block)*) => { $(
        mod $sentence {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                let $fresh = $crate::fixture::engine::Fresh::folder();
                $body
            }

            #[tokio::test]
            async fn postgres() {
                let $fresh = $crate::fixture::engine::Fresh::schema();
                $body
            }
        }
    )* };
}

mod account;
mod actors;
mod cluster;
mod edge;
mod fixture;
mod house;
mod operating;
mod pages;
mod people;
mod store;
mod table;
mod weixin;
