//! What the server had, and when.

use super::crowd::Crowd;
use crate::process::Process;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

/// One moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Since the first one.
    pub minutes: f64,
    /// The server's resident memory, in bytes.
    pub memory: u64,
    /// Files and sockets that it had open.
    pub descriptors: u64,
    /// Connections that were closed and opened again until then.
    pub reopened: u64,
    /// Deliveries that were verified until then.
    pub verified: u64,
}

impl Sample {
    /// The names of the fields of a line.
    pub const HEADING: &str = "minutes\tmemory\tdescriptors\treopened\tverified";

    /// A line, with tabs between the fields.
    pub fn line(&self) -> String {
        let Sample { minutes, memory, descriptors, reopened, verified } = self;
        format!("{minutes:.4}\t{memory}\t{descriptors}\t{reopened}\t{verified}")
    }

    /// What such a line says; `None` if it is none.
    pub fn parse(line: &str) -> Option<Sample> {
        let mut fields = line.split('\t');
        let minutes = fields.next()?.parse().ok()?;
        let mut number = || fields.next()?.parse().ok();
        let sample =
            Sample { minutes, memory: number()?, descriptors: number()?, reopened: number()?, verified: number()? };
        fields.next().is_none().then_some(sample)
    }

    /// Memory over minutes.
    pub fn point(&self) -> (f64, f64) {
        (self.minutes, self.memory as f64)
    }
}

/// All of them.
pub struct Samples {
    server: Process,
    began: Option<Instant>,
    all: Vec<Sample>,
    file: Option<File>,
}

impl Samples {
    /// None yet; they are written to this file as well.
    pub fn new(server: Process, file: Option<&Path>) -> io::Result<Samples> {
        let mut file = file.map(File::create).transpose()?;
        if let Some(file) = &mut file {
            writeln!(file, "{}", Sample::HEADING)?;
        }
        Ok(Samples { server, began: None, all: Vec::new(), file })
    }

    /// One more.
    pub fn take(&mut self, crowd: &Crowd) -> io::Result<()> {
        let sample = Sample {
            minutes: self.began.get_or_insert_with(Instant::now).elapsed().as_secs_f64() / 60.0,
            memory: self.server.memory()?,
            descriptors: self.server.descriptors()?,
            reopened: crowd.reopened,
            verified: crowd.verified,
        };
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", sample.line())?;
        }
        self.all.push(sample);
        Ok(())
    }

    /// All that were taken.
    pub fn all(self) -> Vec<Sample> {
        self.all
    }
}

/// The slope of the line that is nearest to the points (least squares); 0 where there is no such line.
pub fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let (count, x_sum, y_sum) =
        points.clone().fold((0.0, 0.0, 0.0), |(count, x_sum, y_sum), (x, y)| (count + 1.0, x_sum + x, y_sum + y));
    let (x_mean, y_mean) = (x_sum / count, y_sum / count);
    let (above, below) = points.fold((0.0, 0.0), |(above, below), (x, y)| {
        (above + (x - x_mean) * (y - y_mean), below + (x - x_mean) * (x - x_mean))
    });
    if below > 0.0 { above / below } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_nearest_line() {
        let of = |points: &[(f64, f64)]| slope(points.iter().copied());
        assert_eq!(of(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]), 2.0);
        // Numpy's polyfit says the same.
        assert!((of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 2.0), (3.0, 5.0)]) - 1.1).abs() < 1e-12);
        assert_eq!(of(&[(3.0, 1.0), (3.0, 9.0)]), 0.0);
        assert_eq!(of(&[]), 0.0);
    }

    #[test]
    fn a_sample_is_read_back() {
        let sample = Sample { minutes: 1.25, memory: 2, descriptors: 3, reopened: 4, verified: 5 };
        assert_eq!(Sample::parse(&sample.line()), Some(sample));
        for line in [Sample::HEADING, "", "1\t2\t3\t4", "1\t2\t3\t4\t5\t6"] {
            assert_eq!(Sample::parse(line), None, "{line}");
        }
    }
}
