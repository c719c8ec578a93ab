//! A message in, read as JSON, handled, and answered with JSON, in a hub of 1,000 connections.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lazuli_benches::scenario::DISPATCH;

fn dispatch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch");
    for scenario in DISPATCH {
        let mut operation = scenario.make();
        group.throughput(Throughput::Elements(scenario.receivers as u64));
        group.bench_function(scenario.full_name(), |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
