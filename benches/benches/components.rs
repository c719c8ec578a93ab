//! A live component's step: rendered, compared, patched. And the whole of it as HTML.

use criterion::{Criterion, criterion_group, criterion_main};
use lazuli_benches::scenario::COMPONENTS;

fn components(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("components");
    for scenario in COMPONENTS {
        let mut operation = scenario.make();
        group.bench_function(scenario.full_name(), |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(benches, components);
criterion_main!(benches);
