//! The table that is printed, and the raw lines that are kept.
//!
//! Invariant: a figure of several rounds is a median with its minimum and
//! maximum; ratios are of medians out of one run.

use std::fmt::Write;

use serde_json::json;

use crate::measurement::{CPU_PER_DELIVERY, Measurement, Quantity};
use crate::target::Target;

/// The servers that the others are compared with.
const LIMITS: [Target; 2] = [Target::Loop, Target::LoopJoined];

/// One table a scenario.
pub fn table(measured: &[Measurement]) -> String {
    let mut text = String::new();
    for scenario in distinct(measured.iter().map(|row| row.scenario.as_str())) {
        let rows: Vec<_> = of(measured, |row| row.scenario == scenario);
        let rounds = rows.iter().filter(|row| row.target == rows[0].target).count();
        let plural = if rounds == 1 { "" } else { "s" };
        let grid = grid(&rows);
        let _ = write!(text, "\n{scenario} ({rounds} round{plural})\n{}", aligned(&grid));
    }
    text
}

/// Every measurement as a JSON object of its own line.
pub fn raw(measured: &[Measurement]) -> String {
    let mut text = String::new();
    for row in measured {
        let values: serde_json::Map<_, _> = row
            .values
            .iter()
            .map(|(quantity, value)| (quantity.heading.to_owned(), json!(value)))
            .collect();
        let line = json!({"scenario": row.scenario, "target": row.target, "values": values});
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Headings, then a row a target.
fn grid(rows: &[&Measurement]) -> Vec<Vec<String>> {
    let quantities: Vec<Quantity> = rows[0].values.iter().map(|(name, _)| *name).collect();
    let limits: Vec<_> =
        LIMITS.iter().filter_map(|limit| Some((limit.name(), cost(rows, limit.name())?))).collect();
    let mut heading = vec![String::from("target")];
    heading.extend(quantities.iter().map(|quantity| quantity.heading.to_owned()));
    heading.extend(limits.iter().map(|(name, _)| format!("x {name}")));
    let mut grid = vec![heading];
    for target in distinct(rows.iter().map(|row| row.target)) {
        let mut line = vec![target.to_owned()];
        line.extend(quantities.iter().map(|quantity| cell(rows, target, *quantity)));
        if let Some(own) = cost(rows, target) {
            line.extend(limits.iter().map(|(_, limit)| format!("{:.2}", own / limit)));
        }
        grid.push(line);
    }
    grid
}

/// The median, with minimum and maximum if there was more than one round.
fn cell(rows: &[&Measurement], target: &str, quantity: Quantity) -> String {
    let sorted = sorted(rows, target, quantity);
    let decimals = quantity.decimals;
    match (sorted.first(), sorted.last(), median(&sorted)) {
        (Some(_), Some(_), Some(only)) if sorted.len() == 1 => format!("{only:.decimals$}"),
        (Some(least), Some(most), Some(middle)) => {
            format!("{middle:.decimals$} ({least:.decimals$}-{most:.decimals$})")
        }
        _ => String::from("-"),
    }
}

/// Median CPU per delivery of a target, if the scenario has deliveries.
fn cost(rows: &[&Measurement], target: &str) -> Option<f64> {
    median(&sorted(rows, target, CPU_PER_DELIVERY))
}

fn sorted(rows: &[&Measurement], target: &str, quantity: Quantity) -> Vec<f64> {
    let own = rows.iter().filter(|row| row.target == target);
    let mut values: Vec<f64> = own.filter_map(|row| row.value(quantity)).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle one, or the mean of the middle two.
fn median(sorted: &[f64]) -> Option<f64> {
    let low = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    let high = *sorted.get(sorted.len() / 2)?;
    Some(f64::midpoint(low, high))
}

/// Columns as wide as their widest cell; names to the left, figures to the right.
fn aligned(grid: &[Vec<String>]) -> String {
    let mut text = String::new();
    let width = |column: usize| {
        let cells = grid.iter().filter_map(|line| line.get(column));
        cells.map(String::len).max().unwrap_or(0)
    };
    for line in grid {
        for (column, cell) in line.iter().enumerate() {
            let width = width(column);
            let _ = match column {
                0 => write!(text, "  {cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn of(measured: &[Measurement], wanted: impl Fn(&Measurement) -> bool) -> Vec<&Measurement> {
    measured.iter().filter(|row| wanted(row)).collect()
}
