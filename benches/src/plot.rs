//! Plots as SVG: small panels of lines over a logarithmic axis. They are to be read on light and on dark pages.

use std::fmt::Write;

/// One panel.
pub struct Panel {
    /// What it is about.
    pub title: String,
    /// What its lines show.
    pub lines: Vec<Line>,
}

/// One line.
pub struct Line {
    /// What it is, told at its end.
    pub label: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 490.0;
const HEIGHT: f64 = 250.0;
/// Around the lines of a panel.
const LEFT: f64 = 56.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 34.0;
/// To the right of them are the labels.
const RIGHT: f64 = 205.0;
/// Above all panels.
const HEAD: f64 = 40.0;
/// Between two labels.
const LABEL: f64 = 14.0;

/// Ink of all lines: between light and dark, so that each is seen on both.
const INKS: [&str; 4] = ["#3b82f6", "#d97706", "#10a37f", "#d946a6"];

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:13px;font-weight:600}\
    .head{font-size:15px;font-weight:600}.grid{stroke:#d0d7de}.page{fill:#fff}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}.page{fill:#0d1117}}";

/// A page of panels, two in a row, and all from zero up.
pub fn page(title: &str, panels: &[Panel]) -> String {
    let (width, height) = (2.0 * WIDTH, HEAD + panels.len().div_ceil(2) as f64 * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{0}\">\n\
         <style>{STYLE}</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"head\" x=\"16\" y=\"26\">{0}</text>\n",
        escaped(title)
    );
    for (number, panel) in panels.iter().enumerate() {
        let (x, y) = ((number % 2) as f64 * WIDTH, HEAD + (number / 2) as f64 * HEIGHT);
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        draw(panel, &mut svg);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

fn draw(panel: &Panel, svg: &mut String) {
    let points = || panel.lines.iter().flat_map(|line| line.points.iter().copied());
    let least = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    let most = points().map(|(x, _)| x).fold(0.0, f64::max);
    let step = round_step(points().map(|(_, y)| y).fold(0.0, f64::max));
    let top = (points().map(|(_, y)| y).fold(0.0, f64::max) / step).ceil() * step;
    let across = |x: f64| LEFT + (x / least).ln() / (most / least).ln() * (WIDTH - LEFT - RIGHT);
    let up = |y: f64| HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM);
    let _ = writeln!(svg, "<text class=\"title\" x=\"16\" y=\"22\">{}</text>", escaped(&panel.title));
    for tick in 0..=(top / step).round() as usize {
        let (value, y) = (tick as f64 * step, up(tick as f64 * step));
        let (text, right) = (grouped(value), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let mut at: Vec<f64> = points().map(|(x, _)| x).collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    for x in at {
        let (text, place) = (grouped(x), across(x));
        let _ = writeln!(
            svg,
            "<text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            HEIGHT - BOTTOM + 18.0
        );
    }
    for (line, ink) in panel.lines.iter().zip(INKS.iter().cycle()) {
        let places: Vec<String> = line.points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), up(y))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\"/>",
            places.join(" ")
        );
        for place in &places {
            let (x, y) = place.split_once(',').unwrap_or_default();
            let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{ink}\"/>");
        }
    }
    let ends: Vec<f64> = panel.lines.iter().map(|line| line.points.last().map_or(0.0, |&(_, y)| up(y))).collect();
    for ((line, y), ink) in panel.lines.iter().zip(apart(&ends)).zip(INKS.iter().cycle()) {
        let (x, text) = (WIDTH - RIGHT + 10.0, escaped(&line.label));
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" style=\"fill:{ink}\">{text}</text>", y + 4.0);
    }
}

/// Places for labels: in the order of those that they are to be at, and none upon another.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut places = wanted.to_vec();
    // Upwards from the lowest, which does not leave the panel.
    let mut below = HEIGHT - BOTTOM + LABEL;
    for &number in order.iter().rev() {
        places[number] = places[number].min(below - LABEL);
        below = places[number];
    }
    places
}

/// A step of 1, 2 or 5 times a power of ten, of which there are three to eight up to `most`.
fn round_step(most: f64) -> f64 {
    let power = 10f64.powf((most.max(1.0) / 3.0).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|times| times * power).find(|step| most / step >= 3.0).unwrap_or(power)
}

/// A whole number with commas.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_apart_in_the_order_of_their_lines() {
        let bottom = HEIGHT - BOTTOM;
        let places = apart(&[bottom, 100.0, bottom - 3.0, 101.0]);
        assert_eq!(places[0], bottom, "it has its place");
        let mut sorted = places.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LABEL), "{places:?}");
        assert!(places[1] < places[3] && places[3] < places[2] && places[2] < places[0], "{places:?}");
    }

    #[test]
    fn steps_are_round_and_few() {
        for (most, step) in [(3.0, 1.0), (11.0, 2.0), (320.0, 100.0), (5_918.0, 1_000.0), (16_000.0, 5_000.0)] {
            assert_eq!(round_step(most), step, "{most}");
        }
    }

    #[test]
    fn a_page_has_each_point_where_it_belongs() {
        let points = vec![(1_000.0, 0.0), (10_000.0, 50.0), (100_000.0, 100.0)];
        let panel = Panel { title: "a < b".into(), lines: vec![Line { label: "one".into(), points }] };
        let svg = page("numbers", &[panel]);
        // Ten times as many is as far again, and the largest value is at the top.
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let (middle_x, middle_y) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0);
        let line = format!("points=\"{LEFT:.1},{bottom:.1} {middle_x:.1},{middle_y:.1} {right:.1},{TOP:.1}\"");
        assert!(svg.contains(&line), "{svg}");
        assert!(svg.contains("a &lt; b") && svg.contains(">100,000<"), "{svg}");
    }
}
