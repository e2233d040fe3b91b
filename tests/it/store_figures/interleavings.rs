//! Edges whose ends come in any order, in any number of runs of the writer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::naive;
use super::spans::{Names, random_traces};
use super::tables::{Rollups, open, texts};
use super::wire;
use crate::support::{Obs, TempDir};

/// Runs of the writer in each case: enough that runs of waiting spans are merged, and merged ones with each other.
const RUNS: usize = 18;

proptest! {
    #![proptest_config(Config { cases: 4, failure_persistence: None, ..Config::default() })]

    #[test]
    fn edges_are_the_same_however_their_ends_are_cut_into_runs(
        seed in any::<u64>(),
        spans in 60_usize..600,
        cuts in prop::collection::vec(0.0..1.0, RUNS - 1),
        order in prop_oneof![Just(Order::Random), Just(Order::ChildrenFirst), Just(Order::ParentsFirst)],
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let names = Names::unusual();
        let mut spans = random_traces(&mut random, &names, spans);
        match order {
            Order::Random => random.shuffle(&mut spans),
            Order::ChildrenFirst => spans.reverse(),
            Order::ParentsFirst => {}
        }
        let dir = TempDir::new();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut: f64| (cut * spans.len() as f64) as usize).collect();
        cuts.extend([0, spans.len()]);
        cuts.sort_unstable();
        for cut in cuts.windows(2).filter(|cut| cut[0] < cut[1]) {
            let part = &spans[cut[0]..cut[1]];
            Obs::new(&dir, "store --db figures.db").stdin(wire::frame(part, &names)).run().expect(0, "");
        }
        let database = open(&dir.file("figures.db"));
        Rollups::read(&database).expect(&naive::rollups(&spans, &names));
        let mut sizes = BTreeMap::<u32, u32>::new();
        for run in texts(&database, "SELECT CAST(spans AS TEXT), CAST(id AS TEXT) FROM pending_runs") {
            *sizes.entry(run[0].parse::<u64>().unwrap().ilog(4)).or_default() += 1;
        }
        prop_assert!(sizes.values().all(|runs| *runs < 4), "four runs of a size are one: {sizes:?}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Random,
    ChildrenFirst,
    ParentsFirst,
}
