//! The fuzzer's properties, checked with its seeds and with random variations of them.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;

#[allow(dead_code, reason = "the fuzzer takes them one by one")]
#[path = "../../../../tests/fuzz/properties.rs"]
mod properties;

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds").join(name);
    let files = folder.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.collect()
}

/// Random bytes and pieces of seeds, in any order.
fn inputs(seeds: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let pieces: Vec<Vec<u8>> = seeds
        .iter()
        .flat_map(|seed| [seed.clone()].into_iter().chain(seed.chunks(3).map(<[u8]>::to_vec)))
        .filter(|piece| !piece.is_empty())
        .collect();
    let text = "\\PC{1,3}".prop_map(String::into_bytes);
    let piece = prop_oneof![4 => select(pieces), 1 => vec(any::<u8>(), 1..4), 1 => text];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn properties_hold_of_any_input() {
    for (name, property) in properties::ALL {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| property(seed));
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(2_000) });
        let run = runner.run(&inputs(&seeds), |input| {
            property(&input);
            Ok(())
        });
        run.unwrap_or_else(|failed| panic!("{name}: {failed}"));
    }
}

/// Each property has a fuzz target and seeds.
#[test]
fn every_property_has_a_target_of_the_fuzzer() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/targets");
    let mut found: Vec<_> =
        targets.read_dir().unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut named: Vec<_> = properties::ALL.iter().map(|(name, _)| format!("{name}.rs")).collect();
    named.sort();
    assert_eq!(found, named);
}
