//! The samples of `churn` as a picture: SVG, readable on light and on dark pages.

use load::churn::Sample;
use std::fmt::{self, Write};

/// A picture's width, and a panel's height, in pixels.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 170.0;
/// What a panel has around it: left for the numbers, above for its name, right and below for the minutes.
const LEFT: f64 = 64.0;
const ABOVE: f64 = 34.0;
const RIGHT: f64 = 32.0;
const BELOW: f64 = 30.0;
/// An axis has at most so many steps.
const STEPS: f64 = 6.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#333}.n{font-weight:bold}.g{stroke:#ddd}.l{fill:none;stroke:#1a6fb5;\
                     stroke-width:2}@media(prefers-color-scheme:dark){text{fill:#ccc}.g{stroke:#444}.l{stroke:#6cb4f0}}";

/// One curve, with its name.
struct Panel {
    name: &'static str,
    of: fn(&Sample) -> f64,
}

const PANELS: [Panel; 2] = [
    Panel { name: "resident memory, MiB", of: |sample| sample.memory as f64 / f64::from(1 << 20) },
    Panel { name: "open descriptors", of: |sample| sample.descriptors as f64 },
];

/// The picture of a file of samples, over minutes. All axes begin at 0, or what is flat would not look so.
///
/// # Errors
/// When there are no samples in it.
pub fn of(file: &str) -> Result<String, String> {
    let mut lines = file.lines();
    if lines.next() != Some(Sample::HEADING) {
        return Err("these are no samples of churn".into());
    }
    let samples: Option<Vec<Sample>> = lines.map(Sample::parse).collect();
    let samples = samples.ok_or("a line is no sample")?;
    let longest = samples.iter().map(|sample| sample.minutes).fold(0.0, f64::max);
    if longest == 0.0 {
        return Err("there are too few samples".into());
    }
    let mut out = String::new();
    draw(&mut out, &samples, longest).map_err(|error| error.to_string())?;
    Ok(out)
}

fn draw(out: &mut String, samples: &[Sample], longest: f64) -> fmt::Result {
    let full = ABOVE + HEIGHT + BELOW;
    let height = full * PANELS.len() as f64;
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">"#
    )?;
    writeln!(out, "<style>{STYLE}</style>")?;
    for (number, panel) in PANELS.iter().enumerate() {
        let largest = samples.iter().map(panel.of).fold(1.0, f64::max);
        let (top, right) = (number as f64 * full + ABOVE, WIDTH - RIGHT);
        let x = |minutes: f64| LEFT + minutes / longest * (right - LEFT);
        // A tenth more, so that the curve has air above it.
        let y = |value: f64| top + HEIGHT - value / (largest * 1.1) * HEIGHT;
        writeln!(out, r#"<text class="n" x="{LEFT}" y="{:.1}">{}</text>"#, top - 12.0, panel.name)?;
        for tick in ticks(largest * 1.1) {
            let at = y(tick);
            writeln!(out, r#"<path class="g" d="M{LEFT} {at:.1}H{right}"/>"#)?;
            writeln!(out, r#"<text x="{}" y="{:.1}" text-anchor="end">{tick}</text>"#, LEFT - 8.0, at + 4.0)?;
        }
        for tick in ticks(longest) {
            let under = top + HEIGHT + 18.0;
            writeln!(out, r#"<text x="{:.1}" y="{under:.1}" text-anchor="middle">{tick} min</text>"#, x(tick))?;
        }
        let points: Vec<String> =
            samples.iter().map(|sample| format!("{:.1} {:.1}", x(sample.minutes), y((panel.of)(sample)))).collect();
        writeln!(out, r#"<path class="l" d="M{}"/>"#, points.join("L"))?;
    }
    writeln!(out, "</svg>")
}

/// Round numbers from 0 to `largest`.
fn ticks(largest: f64) -> impl Iterator<Item = f64> {
    let rough = largest / STEPS;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= rough);
    let step = step.unwrap_or(largest);
    let digits = if step < 1.0 { 1.0 / step } else { 1.0 };
    (0..).map(move |count| (f64::from(count) * step * digits).round() / digits).take_while(move |&tick| tick <= largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(30.0).collect::<Vec<_>>(), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
        assert_eq!(ticks(14.3).collect::<Vec<_>>(), [0.0, 5.0, 10.0]);
        assert_eq!(ticks(0.9).collect::<Vec<_>>(), [0.0, 0.2, 0.4, 0.6, 0.8]);
        assert_eq!(ticks(20_900.0).count(), 5);
    }

    #[test]
    fn a_picture_has_each_curve_from_the_first_sample_to_the_last() {
        let sample = |minutes: f64, memory| Sample { minutes, memory, descriptors: 9, reopened: 5, verified: 7 };
        let lines = [sample(0.0, 1 << 20), sample(15.0, 2 << 20), sample(30.0, 2 << 20)].map(|sample| sample.line());
        let svg = of(&format!("{}\n{}\n", Sample::HEADING, lines.join("\n"))).unwrap();
        for panel in PANELS {
            assert!(svg.contains(panel.name), "{svg}");
        }
        let curves: Vec<&str> = svg.lines().filter(|line| line.contains("class=\"l\"")).collect();
        assert_eq!(curves.len(), PANELS.len());
        // Half of 2.2 MiB is 1.1: the first is below the middle of the panel, the others are above it.
        assert!(curves[0].contains("M64.0 126.7L376.0 49.5L688.0 49.5\""), "{}", curves[0]);
        assert!(of("nothing").is_err() && of(Sample::HEADING).is_err());
    }
}
