//! Tables in Markdown.

use crate::measure::{Result, Row, speed};
use crate::scenarios::{Load, Scenario};
use load::churn::Churned;
use load::{Idle, Report};
use std::fmt::Write;

/// Where other work had the load generator's core for longer than this part of the time, it is said.
const TOLERATED: f64 = 0.05;

/// A scenario's table, with its heading. Each figure is the median of the rounds.
pub fn of(scenario: &Scenario, rows: &[Row]) -> String {
    let mut out = format!("### {}\n\n", scenario.title);
    out += match scenario.load {
        Load::Idle => "| server | bytes a connection, opened | after one message |\n|---|--:|--:|\n",
        Load::Churn => {
            "| server | opened a second | a CPU second | opened again | deliveries verified | bytes a connection, start | end \
             | largest | growth a minute | in the second half |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        }
        _ => {
            "| server | deliveries a CPU second | × floor | p50 ms | p99 ms | p99.9 ms | server's CPU | load's CPU |\n\
              |---|--:|--:|--:|--:|--:|--:|--:|\n"
        }
    };
    for row in rows {
        let name = row.server.name;
        let failed = row.results.iter().filter(|result| matches!(result, Result::Failed)).count();
        let note = if failed > 0 { format!(", {failed} of {} runs failed", row.results.len()) } else { String::new() };
        let idle = |figure: fn(&Idle) -> f64| {
            median(row.results.iter().filter_map(|result| match result {
                Result::Idle(idle) => Some(figure(idle)),
                _ => None,
            }))
        };
        let work = |figure: fn(&Report) -> f64| {
            median(row.results.iter().filter_map(|result| match result {
                Result::Work(report) => Some(figure(report)),
                _ => None,
            }))
        };
        let churn = |figure: fn(&Churned) -> f64| {
            median(row.results.iter().filter_map(|result| match result {
                Result::Churn(churned) => Some(figure(churned)),
                _ => None,
            }))
        };
        let line = match scenario.load {
            Load::Idle => {
                format!(
                    "| {} | {} |",
                    shown(idle(|idle| idle.opened), thousands),
                    shown(idle(|idle| idle.used), thousands)
                )
            }
            Load::Churn => {
                let counts: [fn(&Churned) -> f64; 7] = [
                    |churned| churned.opened_per_second,
                    |churned| churned.opened_per_cpu_second,
                    |churned| churned.reopened as f64,
                    |churned| churned.verified as f64,
                    |churned| churned.start,
                    |churned| churned.end,
                    |churned| churned.largest,
                ];
                let growth: [fn(&Churned) -> f64; 2] = [|churned| churned.slope, |churned| churned.slope_late];
                let counts = counts.map(|figure| shown(churn(figure), thousands));
                let growth = growth.map(|figure| shown(churn(figure), |bytes| format!("{bytes:.2}")));
                format!("| {} | {} |", counts.join(" | "), growth.join(" | "))
            }
            _ => {
                let ratio = if row.ratios.is_empty() && name == "floor" {
                    Some(1.0)
                } else {
                    median(row.ratios.iter().copied())
                };
                let share = |share: f64| format!("{:.0} %", share * 100.0);
                let millis = |micros: f64| format!("{:.2}", micros / 1_000.0);
                format!(
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    shown(work(|report| report.per_cpu_second.unwrap_or_default()), thousands),
                    shown(ratio, |ratio| format!("{ratio:.2}")),
                    shown(work(|report| report.p50), millis),
                    shown(work(|report| report.p99), millis),
                    shown(work(|report| report.p999), millis),
                    shown(work(|report| report.server_cpu.unwrap_or_default()), share),
                    shown(work(|report| report.own_cpu), share),
                )
            }
        };
        let _ = writeln!(out, "| {name}{note} {line}");
    }
    let held_back = rows.iter().flat_map(|row| &row.results).filter_map(|result| match result {
        Result::Work(report) => Some(report.held_back),
        _ => None,
    });
    if let Some(share) = median(held_back)
        && share > TOLERATED
    {
        let _ = writeln!(
            out,
            "\nOther work had the load generator's core for {:.0} % of the time: these latencies are the scheduler's, and \
             ratios are rough.",
            share * 100.0
        );
    }
    out
}

/// All scenarios that have a floor in one table: what the floor delivers, and the others as multiples of it.
pub fn summary(measured: &[(Scenario, Vec<Row>)]) -> String {
    let with_floor = |(scenario, _): &&(Scenario, Vec<Row>)| !matches!(scenario.load, Load::Idle | Load::Churn);
    let mut lines = measured.iter().filter(with_floor).peekable();
    let Some((_, rows)) = lines.peek() else { return String::new() };
    let names = rows.iter().map(|row| row.server.name).collect::<Vec<_>>().join(" | ");
    let mut out = format!("### All: deliveries a CPU second, as multiples of the floor's\n\n| | {names} |\n");
    let _ = writeln!(out, "|---|{}", "--:|".repeat(rows.len()));
    for (scenario, rows) in lines {
        let figure = |row: &Row| match row.results.iter().any(|result| matches!(result, Result::Failed)) {
            true => "failed".into(),
            false if row.ratios.is_empty() => shown(median(row.results.iter().filter_map(speed)), thousands),
            false => shown(median(row.ratios.iter().copied()), |ratio| format!("{ratio:.2}")),
        };
        let figures = rows.iter().map(figure).collect::<Vec<String>>().join(" | ");
        let _ = writeln!(out, "| `{}` | {figures} |", scenario.name);
    }
    out
}

fn shown(figure: Option<f64>, how: impl Fn(f64) -> String) -> String {
    figure.map_or("–".into(), how)
}

/// The one in the middle; of an even number, the mean of both.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(figures[middle]),
        _ => Some((figures[middle - 1] + figures[middle]) / 2.0),
    }
}

/// A whole number with a comma before each three digits.
fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = if number <= -0.5 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::SCENARIOS;
    use crate::servers::{FLOOR, SERVERS};

    #[test]
    fn a_table_has_medians_and_says_what_failed() {
        let report =
            |per_cpu_second| Report { per_cpu_second: Some(per_cpu_second), p50: 1_500.0, ..Report::default() };
        let results = vec![Result::Work(report(3_000_000.0)), Result::Failed, Result::Work(report(1_000_000.4))];
        let rows = [Row { server: FLOOR, results, ratios: Vec::new() }];
        let table = of(&SCENARIOS[0], &rows);
        assert!(table.starts_with("### 1,000 members, 1 message in flight\n\n| server |"), "{table}");
        assert!(table.contains("| floor, 1 of 3 runs failed | 2,000,000 | 1.00 | 1.50 |"), "{table}");
    }

    #[test]
    fn all_are_in_one_table_but_those_without_a_floor() {
        let row = |server, per_cpu_second, ratios: &[f64]| {
            let report = Report { per_cpu_second: Some(per_cpu_second), ..Report::default() };
            Row { server, results: vec![Result::Work(report)], ratios: ratios.to_vec() }
        };
        let rows = || vec![row(FLOOR, 1_000.0, &[]), row(SERVERS[1], 2_000.0, &[2.0, 1.9, 2.5])];
        let measured: Vec<_> = SCENARIOS.into_iter().map(|scenario| (scenario, rows())).collect();
        let table = summary(&measured);
        assert!(
            table.contains("| | floor | lazuli-smol |\n|---|--:|--:|\n| `room-1000` | 1,000 | 2.00 |\n"),
            "{table}"
        );
        assert!(table.contains("`echo-500`") && !table.contains("`idle-10000`"), "{table}");
        assert_eq!(summary(&measured[8..]), "");
    }

    #[test]
    fn numbers_have_commas() {
        let shown = [0.0, 999.0, 1_000.0, 1_234_567.0, -1_000.0].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567", "-1,000"]);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].into_iter()), Some(2.5));
        assert_eq!(median([].into_iter()), None);
    }
}
