//! Bytes in, bytes out: the hub through its driver, with sockets in memory that take everything.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lazuli_benches::scenario::DRIVER;

fn driver(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("driver");
    for scenario in DRIVER {
        let mut operation = scenario.make();
        group.throughput(Throughput::Elements(scenario.receivers as u64));
        group.bench_function(scenario.full_name(), |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(benches, driver);
criterion_main!(benches);
