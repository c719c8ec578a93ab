//! What the benchmarks of lazuli have in common: small worlds whose one operation is timed by criterion
//! (`cargo bench -p lazuli-benches`), counted in instructions and allocations
//! (`cargo run --release -p lazuli-benches --bin instructions`, and `--bin growth`), and held to "allocates nothing" by the tests.

#![warn(missing_docs)]

pub mod channels;
pub mod compared;
pub mod corpus;
pub mod count;
pub mod counted;
pub mod growth;
pub mod hub;
pub mod idle;
pub mod joining;
pub mod links;
pub mod memory;
pub mod pairs;

pub mod patches;
pub mod plot;
pub mod scenario;
pub mod steps;
