//! The same event among 1,000, 10,000 and 100,000 connections, rooms, users, timers and subscriptions. Only the ratio of them
//! tells something, and of it what the caches make of larger tables is a part.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lazuli_benches::growth::GROWTH;

fn growth(criterion: &mut Criterion) {
    for growth in GROWTH {
        let mut group = criterion.benchmark_group(growth.sizes[0].name);
        for scenario in growth.sizes {
            let mut operation = scenario.make();
            group.bench_function(BenchmarkId::from_parameter(scenario.size), |bencher| bencher.iter(&mut operation));
        }
    }
}

criterion_group!(benches, growth);
criterion_main!(benches);
