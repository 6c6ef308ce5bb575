//! Heads read at several nodes: never older than the call, although calls for many owners share queries.

use crate::fixture::engine::Fresh;
use futures_util::future::join_all;
use kefu::clock::Clock;
use kefu::config::Place;
use kefu::store::Store;
use model::Fact;
use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::sleep;

const OWNERS: [&str; 8] = ["@a", "@b", "@c", "@d", "@e", "@f", "@g", "@h"];

/// A database of its own, whose connections a test can end without disturbing others.
fn database(name: &'static str) -> Place {
    let Place::Postgres(url) = Fresh::schema().place.clone() else { panic!("a schema") };
    let (server, _) = url.split_once("/postgres?").expect("a database and its options");
    let place = Place::Postgres(format!("{server}/{name}"));
    with_client(url, move |client| client.batch_execute(&format!("create database {name}")).unwrap());
    place
}

/// Runs `work` with a client, outside async runtimes.
fn with_client(url: String, work: impl FnOnce(&mut Client) + Send + 'static) {
    std::thread::spawn(move || work(&mut Client::connect(&url, NoTls).unwrap())).join().unwrap();
}

async fn node(place: &Place) -> Store {
    Store::open(place, Clock::system()).await.unwrap()
}

async fn with_owners(place: &Place) -> Store {
    let store = node(place).await;
    for owner in OWNERS {
        store.write_silent(owner, move |tx| tx.create_owner(owner)).await.unwrap();
    }
    store
}

/// Changes an owner; returns the number of the change.
async fn change(store: &Store, owner: &'static str) -> Result<i64, kefu::error::Error> {
    store
        .write(owner, |tx| {
            tx.record(Fact::Access);
            Ok(tx.seq())
        })
        .await
}

#[tokio::test]
async fn heads_asked_together_share_queries() {
    let store = with_owners(&database("heads_together")).await;
    for (n, owner) in OWNERS.iter().enumerate() {
        for _ in 0..n {
            change(&store, owner).await.unwrap();
        }
    }
    let before = store.verbs();
    let heads = join_all((0..80).map(|n| store.head(OWNERS[n % OWNERS.len()]))).await;
    let queries = store.verbs() - before;
    let seqs: Vec<i64> = heads.into_iter().map(|head| head.unwrap().expect("an owner").seq).collect();
    assert_eq!(seqs, (0..80).map(|n| n % 8).collect::<Vec<i64>>());
    assert!((1..=8).contains(&queries), "{queries} queries for 80 calls");
}

/// Every connection is lost now and then meanwhile. A call may then be refused, but must not be answered by the past.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_head_is_older_than_its_call_at_any_node_also_after_lost_connections() {
    let place = database("heads_lost");
    let (here, there) = (with_owners(&place).await, node(&place).await);
    let compared = AtomicU32::new(0);
    let changes = OWNERS.map(async |owner| {
        for n in 0..60 {
            let (writer, reader) = if n % 2 == 0 { (&here, &there) } else { (&there, &here) };
            let Ok(seq) = change(writer, owner).await else { continue };
            for head in join_all([reader.head(owner), writer.head(owner), reader.head(owner)]).await {
                let Ok(head) = head else { continue };
                let head = head.expect("an owner");
                assert!(head.seq >= seq && head.access >= seq, "{owner} is at {seq}, and {head:?} is told");
                compared.fetch_add(1, Ordering::Relaxed);
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    let losses = async {
        let Place::Postgres(url) = &place else { panic!("a database") };
        for _ in 0..5 {
            sleep(Duration::from_millis(50)).await;
            with_client(url.clone(), |client| {
                let others = "select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()";
                client.batch_execute(others).unwrap();
            });
        }
    };
    tokio::join!(join_all(changes), losses);
    let compared = compared.into_inner();
    assert!(compared > 700, "only {compared} of 1440 heads were compared");
    for owner in OWNERS {
        let seq = change(&there, owner).await.expect("the database is back");
        assert_eq!(here.head(owner).await.expect("it is back").map(|head| head.seq), Some(seq));
    }
}
