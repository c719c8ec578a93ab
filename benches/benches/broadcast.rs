//! A broadcast of the hub alone: a message in, all outputs out, and everything reported as written.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lazuli_benches::hub::World;
use lazuli_benches::scenario::TEXT;

fn broadcast(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broadcast");
    for members in [10, 1_000, 10_000] {
        let mut world = World::new(members, |_| "/room/lobby".into());
        group.throughput(Throughput::Elements(members as u64));
        group.bench_function(BenchmarkId::from_parameter(members), |bencher| {
            bencher.iter(|| {
                world.message(0, TEXT);
                world.drain_and_report()
            });
        });
    }
}

criterion_group!(benches, broadcast);
criterion_main!(benches);
