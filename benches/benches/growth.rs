//! The same event among 1,000 and among 100,000 connections, rooms and timers. Only the ratio of the two tells
//! something, and of it what the caches make of larger tables is a part.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lazuli_benches::scenario::GROWTH;

fn growth(criterion: &mut Criterion) {
    for [few, many] in GROWTH {
        let mut group = criterion.benchmark_group(few.name);
        for scenario in [few, many] {
            let mut operation = scenario.make();
            group.bench_function(BenchmarkId::from_parameter(scenario.size), |bencher| bencher.iter(&mut operation));
        }
    }
}

criterion_group!(benches, growth);
criterion_main!(benches);
