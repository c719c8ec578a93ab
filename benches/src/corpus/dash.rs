//! A dashboard of 50 metrics, each with a small chart.

use super::random::{NOUNS, Random};
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Metric {
    id: u32,
    name: String,
    unit: &'static str,
    value: String,
    delta: String,
    up: bool,
    points: Vec<usize>,
}

impl Metric {
    fn new(id: u32, random: &mut Random) -> Metric {
        let name = format!("{} {} {id}", random.pick(&NOUNS), random.pick(&["latency", "rps", "errors", "queue"]));
        let value = value(random);
        let unit = random.pick(&["ms", "req/s", "%", "MiB"]);
        let (delta, up) = (delta(random), random.below(2) == 1);
        Metric { id, name, unit, value, delta, up, points: (0..11).map(|_| random.below(20)).collect() }
    }

    /// A second later: the chart moves on by one.
    fn tick(&self, random: &mut Random) -> Metric {
        let (value, delta, up) = (value(random), delta(random), random.below(2) == 1);
        let mut points = self.points[1..].to_vec();
        points.push(random.below(20));
        Metric { value, delta, up, points, ..self.clone() }
    }

    fn line(&self) -> String {
        let points = self.points.iter().enumerate().map(|(x, y)| format!("{},{y}", 10 * x));
        points.collect::<Vec<_>>().join(" ")
    }
}

fn value(random: &mut Random) -> String {
    format!("{:.2}", random.below(90_000) as f64 / 100.0)
}

fn delta(random: &mut Random) -> String {
    format!("{:.1}", random.below(400) as f64 / 10.0 - 20.0)
}

#[derive(Clone)]
struct Dash {
    metrics: Vec<Metric>,
    at: &'static str,
}

impl Model for Dash {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            main class="dash" {
                header { h1 { "Fleet" } time id="at" { (self.at) } }
                div class="grid" {
                    @for metric in &self.metrics key=(metric.id) {
                        article id={"m-" (metric.id)} class={"card " (if metric.up { "up" } else { "down" })} {
                            h3 { (metric.name) }
                            p class="value" { b { (metric.value) } " " (metric.unit) }
                            p class="delta" { (metric.delta) "%" }
                            svg viewBox="0 0 100 20" preserveAspectRatio="none" { polyline points=(metric.line()) { } }
                        }
                    }
                }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let before = Dash { metrics: (0..50).map(|id| Metric::new(id, random)).collect(), at: "12:00:00" };
    let clock = Dash { at: "12:00:01", ..before.clone() };
    let mut five = clock.clone();
    for at in [3, 14, 15, 29, 46] {
        five.metrics[at] = five.metrics[at].tick(random);
    }
    let mut fifty = clock.clone();
    fifty.metrics.iter_mut().for_each(|metric| *metric = metric.tick(random));
    vec![
        Case::new("dash_5of50", &before, five),
        Case::new("dash_all50", &before, fifty),
        Case::new("dash_clock", &before, clock),
    ]
}
