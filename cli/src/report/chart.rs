//! Charts as inline SVG. Places are percentages and text has its own size, so that a chart fits a phone and stays readable there;
//! all scales begin at zero. The numbers are in a table behind each chart.

use maud::{Markup, html};

/// Of a chart with columns, in pixels.
const HEIGHT: u64 = 220;
/// The most lines across it, without the one at zero.
const LINES: u64 = 4;
/// The most labels below it: so many dates fit on a phone.
const LABELS: usize = 4;
/// Bars that are drawn; the table has all.
const BARS: usize = 12;
/// Of one bar with the text above it, in pixels.
const BAR: usize = 38;

/// What a chart is called and says in one sentence, for those who do not see it.
pub(super) struct About<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) sentence: String,
    /// What the first column of the table has.
    pub(super) unit: &'a str,
}

impl About<'_> {
    fn inside(&self) -> Markup {
        html! {
            title id={ (self.id) "-title" } { (self.title) }
            desc id={ (self.id) "-desc" } { (self.sentence) }
        }
    }

    fn labelled(&self) -> String {
        format!("{0}-title {0}-desc", self.id)
    }
}

/// Columns of several series on top of each other.
pub(super) fn columns<const N: usize>(about: &About<'_>, series: [&str; N], columns: &[(String, [u64; N])]) -> Markup {
    let most = columns.iter().map(|(_, counts)| sum(counts)).max().unwrap_or_default();
    let step = step(most);
    let top = step.saturating_mul(most.div_ceil(step)).max(step);
    html! {
        figure {
            @if N > 1 {
                ul.legend { @for (number, name) in series.iter().enumerate() {
                    li { span class={ "swatch s" (number) } {} (name) }
                } }
            }
            div.plot {
                svg.columns width="100%" height=(HEIGHT) role="img" aria-labelledby=(about.labelled()) {
                    (about.inside())
                    @for value in (0..=top.checked_div(step).unwrap_or_default()).map(|line| line.saturating_mul(step)) {
                        line.grid x1="0" x2="100%" y1=(up(value, top)) y2=(up(value, top)) {}
                        text x="-8" y=(up(value, top)) dy="4" text-anchor="end" { (grouped(value)) }
                    }
                    @for (number, (label, counts)) in columns.iter().enumerate() {
                        (column(label, &series, counts, place(number, columns.len()), top))
                    }
                }
                (labels(&columns.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>()))
            }
            (table(about.unit, &series, columns))
        }
    }
}

/// One column, from the bottom up; its numbers show when a pointer rests on it.
fn column<const N: usize>(
    label: &str,
    series: &[&str; N],
    counts: &[u64; N],
    (left, wide): (u64, u64),
    top: u64,
) -> Markup {
    let mut below: u64 = 0;
    let pieces = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(number, count)| {
        below = below.saturating_add(*count);
        (number, *count, below)
    });
    let pieces: Vec<_> = pieces.collect();
    html! {
        @for (number, count, end) in pieces {
            rect class={ "s" (number) } x=(percent(left)) width=(percent(wide)) y=(up(end, top)) height=(share(count, top)) {
                title { (label) ": " (series.get(number).unwrap_or(&"")) " " (grouped(count)) }
            }
        }
    }
}

/// Where a column stands, in hundredths of a percent: a seventh of its place on each side is left free.
fn place(number: usize, all: usize) -> (u64, u64) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let at = |number: usize| count(number).saturating_mul(10_000).checked_div(count(all)).unwrap_or_default();
    let (start, end) = (at(number), at(number.saturating_add(1)));
    let gap = end.saturating_sub(start).div_euclid(7);
    // A lonely column would be a wall.
    let wide = end.saturating_sub(start).saturating_sub(gap.saturating_mul(2)).min(1_200);
    let middle = start.saturating_add(end).div_euclid(2);
    (middle.saturating_sub(wide.div_euclid(2)), wide)
}

/// Dates below the columns, the first and the last among them, each at its column.
fn labels(all: &[&str]) -> Markup {
    let last = all.len().saturating_sub(1);
    let parts = LABELS.saturating_sub(1).min(last).max(1);
    let mut chosen: Vec<usize> = (0..=parts).map(|part| last.saturating_mul(part).div_euclid(parts)).collect();
    chosen.dedup();
    html! {
        svg.labels width="100%" height="20" aria-hidden="true" {
            @for number in chosen {
                @let (left, wide) = place(number, all.len());
                @let (x, anchor) = match number {
                    _ if all.len() <= LABELS => (left.saturating_add(wide.div_euclid(2)), "middle"),
                    0 => (left, "start"),
                    _ if number == last => (left.saturating_add(wide), "end"),
                    _ => (left.saturating_add(wide.div_euclid(2)), "middle"),
                };
                text x=(percent(x)) y="14" text-anchor=(anchor) { (all.get(number).unwrap_or(&"")) }
            }
        }
    }
}

/// Bars from the largest down, each below its name and number; the whole width is all of them together.
pub(super) fn bars(about: &About<'_>, mut counts: Vec<(String, [u64; 1])>) -> Markup {
    counts.sort_by(|(one, [first]), (other, [second])| second.cmp(first).then_with(|| one.cmp(other)));
    let all = sum(&counts.iter().map(|(_, [count])| *count).collect::<Vec<_>>());
    let drawn = counts.get(..BARS).unwrap_or(&counts);
    let rest = counts.len().saturating_sub(drawn.len());
    html! {
        figure {
            svg.bars width="100%" height=(drawn.len().saturating_mul(BAR)) role="img" aria-labelledby=(about.labelled()) {
                (about.inside())
                @for (number, (name, [count])) in drawn.iter().enumerate() {
                    @let y = number.saturating_mul(BAR);
                    text x="0" y=(y.saturating_add(14)) { (name) }
                    text x="100%" y=(y.saturating_add(14)) text-anchor="end" { (grouped(*count)) " · " (of_all(*count, all)) }
                    rect.track x="0" y=(y.saturating_add(20)) width="100%" height="8" rx="2" {}
                    rect.s0 x="0" y=(y.saturating_add(20)) width=(share(*count, all)) height="8" rx="2" {}
                }
            }
            @if rest > 0 { p.hint { "And " (rest) " more in the table." } }
            (table(about.unit, &["events"], &counts))
        }
    }
}

fn table<const N: usize>(unit: &str, series: &[&str; N], rows: &[(String, [u64; N])]) -> Markup {
    html! {
        details {
            summary { "Numbers" }
            div.wide { table {
                thead { tr { th scope="col" { (unit) } @for name in series { th.number scope="col" { (name) } } } }
                tbody { @for (label, counts) in rows {
                    tr { th scope="row" { (label) } @for count in counts { td.number { (grouped(*count)) } } }
                } }
            } }
        }
    }
}

/// The distance of the lines across: 1, 2 or 5 and zeros.
fn step(most: u64) -> u64 {
    let mut ten: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = ten.saturating_mul(factor);
            if most.div_ceil(step) <= LINES || step == u64::MAX {
                return step;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

/// How far from the upper edge a value is.
fn up(value: u64, top: u64) -> String {
    share(top.saturating_sub(value), top)
}

fn share(part: u64, whole: u64) -> String {
    percent(hundredths(part, whole))
}

/// A share in hundredths of a percent.
fn hundredths(part: u64, whole: u64) -> u64 {
    let scaled = u128::from(part).saturating_mul(10_000).checked_div(u128::from(whole)).unwrap_or_default();
    u64::try_from(scaled).unwrap_or(10_000)
}

fn percent(hundredths: u64) -> String {
    format!("{}.{:02}%", hundredths.div_euclid(100), hundredths.rem_euclid(100))
}

/// A share of all, for people.
fn of_all(part: u64, all: u64) -> String {
    match hundredths(part, all) {
        0..100 if part > 0 => "under 1 %".to_owned(),
        9_900..10_000 => "over 99 %".to_owned(),
        hundredths => format!("{} %", hundredths.saturating_add(50).div_euclid(100)),
    }
}

/// Digits in threes, with a space that does not break (ISO 80000-1 7.3.1).
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_begin_at_zero_and_reach_beyond_the_largest() {
        for most in (0..1_000).chain([u64::MAX - 1, u64::MAX]) {
            let step = step(most);
            assert!(most.div_ceil(step) <= LINES, "{most}");
            assert!(most < 2 * LINES || most.div_ceil(step) >= 2, "{most}: {step}");
        }
        assert_eq!((up(0, 10), up(10, 10), up(5, 10)), ("100.00%".into(), "0.00%".into(), "50.00%".into()));
    }

    #[test]
    fn columns_stand_beside_each_other() {
        for all in 1..200 {
            let places: Vec<_> = (0..all).map(|number| place(number, all)).collect();
            assert!(places.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{all}");
            assert!(places.iter().all(|(left, wide)| *wide > 0 && left + wide <= 10_000), "{all}");
        }
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_234_567)),
            ("0".into(), "999".into(), "1\u{202f}234\u{202f}567".into())
        );
        assert_eq!(
            (of_all(1, 1_000), of_all(999, 1_000), of_all(1, 3)),
            ("under 1 %".into(), "over 99 %".into(), "33 %".into())
        );
        assert_eq!((of_all(0, 5), of_all(5, 5), of_all(0, 0)), ("0 %".into(), "100 %".into(), "0 %".into()));
    }
}
