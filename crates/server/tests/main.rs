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
                let $fresh = $crate::engine::Fresh::folder();
                $body
            }

            #[tokio::test]
            async fn postgres() {
                let $fresh = $crate::engine::Fresh::schema();
                $body
            }
        }
    )* };
}

mod actors;
mod alias;
mod allow;
mod anything;
mod asset;
mod authorise;
mod backup;
mod bucket;
mod business;
mod clock;
mod component;
mod config;
mod cookie;
mod crowd;
mod debug;
mod deploy;
mod doctor;
mod ended;
mod engine;
mod hashing;
mod headimg;
mod house;
mod input;
mod kfaccount;
mod kfsession;
mod limits;
mod login;
mod machine;
mod matrix;
mod media;
mod memory;
mod message;
mod metadata;
mod metrics;
mod msgrecord;
mod networks;
mod nodes;
mod openapi;
mod password;
mod people;
mod picture;
mod plan;
mod presence;
mod process;
mod quota;
mod rid;
mod running;
mod secured;
mod seed;
mod storage;
mod store;
mod stream;
mod supervisor;
mod time;
mod tls;
mod together;
mod token;
mod typing;
mod upgrade;
mod upload;
mod vanish;
mod window;
mod wire;
mod work;
mod workbench_state;
