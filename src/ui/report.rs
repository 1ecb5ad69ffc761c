//! The one-page report: shown over the page, printed by the browser.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words::{self, numbers};
use crate::session::{Action, ChangeRow, ChangeView, Command, HistogramView, NumberRow, ReportView};
use leptos::prelude::*;

#[component]
pub(super) fn Report() -> impl IntoView {
    let page = page();
    let report = Memo::new(move |_| page.view.with(|v| v.report.clone()));
    let print = move |_| {
        if let Some(Err(e)) = web_sys::window().map(|w| w.print()) {
            log::warn!("the browser does not print: {e:?}");
        }
    };
    view! {
        <div class="dialog report" role="dialog" aria-label=say(words::REPORT) hidden=move || report.with(Option::is_none)>
            <div class="group no-print">
                <button type="button" data-testid="report-print" on:click=print>
                    {say(words::REPORT_PRINT)}
                </button>
                <CommandButton action=Action::ExportCsv />
                <CommandButton action=Action::ExportJson />
                <button type="button" data-testid="report-close" on:click=move |_| page.dispatch(Command::Do(Action::Report))>
                    {say(words::CLOSE)}
                </button>
            </div>
            {move || report.get().map(sheet)}
        </div>
    }
}

fn sheet(report: ReportView) -> impl IntoView {
    let pairs = |rows: Vec<(String, String)>| {
        rows.into_iter().map(|(title, text)| view! { <tr><th>{title}</th><td>{text}</td></tr> }).collect_view()
    };
    let conditions = report.conditions;
    let number = |row: NumberRow| {
        let is_doubtful = row.doubt.is_some();
        let doubt = row.doubt.map(|why| view! { <small class="doubt">" " {why}</small> });
        view! {
            <tr>
                <th>{row.title} <small class="definition">{row.definition}</small></th>
                <td class:doubtful=is_doubtful>{row.text} {doubt}</td>
            </tr>
        }
    };
    let numbers = report.numbers.into_iter().map(|(title, rows)| {
        view! {
            <h3>{title}</h3>
            <table>{rows.into_iter().map(number).collect_view()}</table>
        }
    });
    let segments =
        report.segments.into_iter().map(|[name, ml, hu]| view! { <tr><th>{name}</th><td>{ml}</td><td>{hu}</td></tr> });
    view! {
        <article data-testid="report-sheet">
            <h1>{say(words::REPORT)}</h1>
            {report.head.into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
            <div class="sheet-columns">
                <section>
                    <h2>{say(words::NUMBERS)}</h2>
                    {conditions.map(|text| view! { <p class="conditions" data-testid="report-conditions">{text}</p> })}
                    {numbers.collect_view()}
                    <h2>{say(words::SEGMENTS)}</h2>
                    <table>{segments.collect_view()}</table>
                    {report.measurements.into_iter().map(|m| view! { <p>{m}</p> }).collect_view()}
                </section>
                <section>
                    {report.histogram.map(|h| histogram(&h))}
                    {(!report.profile.is_empty()).then(move || profile(&report.profile, report.height_mm))}
                    {report.zones.map(zones)}
                    {report.change.map(change)}
                </section>
                <section>
                    <h2>{say(words::FORM)}</h2>
                    <table>{pairs(report.form)}</table>
                </section>
            </div>
            <p class="note">{say(words::NOT_A_DEVICE)}</p>
        </article>
    }
}

/// What changed against a prior CT.
fn change(change: ChangeView) -> impl IntoView {
    let row = |row: ChangeRow| view! { <tr><th>{row.title}</th><td>{row.text}</td></tr> };
    view! {
        <figure data-testid="report-change">
            <table>{change.rows.into_iter().map(row).collect_view()}</table>
            <figcaption>{change.about} " " {change.doubt.map(|why| view! { <span class="doubt">{why}</span> })}</figcaption>
        </figure>
    }
}

/// A word on a chart.
fn label(x: f64, y: f64, anchor: &'static str, text: String) -> impl IntoView {
    view! { <text x=format!("{x:.1}") y=format!("{y:.1}") text-anchor=anchor>{text}</text> }
}

/// Bars, with a line at each border of the compartments and the share of each.
fn histogram(histogram: &HistogramView) -> impl IntoView + use<> {
    let lang = page().lang.get_untracked();
    let most = histogram.bins.iter().fold(0.1f64, |a, b| a.max(*b));
    let bars: String = histogram
        .bins
        .iter()
        .enumerate()
        .map(|(n, share)| format!("M{} 100h3.6V{:.1}h-3.6z", n as f64 * 4.0, 100.0 - 84.0 * share / most))
        .collect();
    let x = |hu: i16| f64::from(hu - HistogramView::LOWEST_HU) * 4.0 / f64::from(HistogramView::BIN_HU);
    let borders: String = HistogramView::BORDERS_HU.iter().map(|hu| format!("M{:.1} 12V100", x(*hu))).collect();
    let ticks = HistogramView::BORDERS_HU.map(|hu| label(x(hu), 109.0, "middle", lang.number(f64::from(hu), 0)));
    let [a, b, c, d] = HistogramView::BORDERS_HU.map(x);
    // The first and the last are narrower than their words.
    let places = [
        (1.0, "start"),
        ((a + b) / 2.0, "middle"),
        ((b + c) / 2.0, "middle"),
        ((c + d) / 2.0, "middle"),
        (303.0, "end"),
    ];
    let shares = histogram.compartments;
    let shares =
        [0, 1, 2, 3, 4].map(|n| label(places[n].0, 9.0, places[n].1, format!("{} %", lang.number(shares[n], 1))));
    view! {
        <figure data-testid="report-histogram">
            <svg viewBox="0 0 304 112" role="img">
                <path class="bars" d=bars />
                <path class="borders" d=borders />
                {shares.collect_view()}
                {ticks.collect_view()}
            </svg>
            <figcaption>{say(words::REPORT_HISTOGRAM)}</figcaption>
        </figure>
    }
}

/// Two areas over the slices, feet on the left.
fn profile(slices: &[[f64; 2]], height_mm: f64) -> impl IntoView + use<> {
    let lang = page().lang.get_untracked();
    let most = slices.iter().fold(0.1f64, |a, s| a.max(s[0]));
    let step = 300.0 / slices.len() as f64;
    let area = |which: usize| {
        let points = slices.iter().enumerate();
        let line: String = points
            .map(|(n, s)| format!("L{:.1} {:.1}", (n as f64 + 0.5) * step, 100.0 - 84.0 * s[which] / most))
            .collect();
        format!("M0 100{line}L300 100z")
    };
    view! {
        <figure data-testid="report-profile">
            <svg viewBox="0 0 304 112" role="img">
                <path class="lung" d=area(0) />
                <path class="involved" d=area(1) />
                {label(2.0, 9.0, "start", format!("{} ml/mm", lang.number(most, 1)))}
                {label(0.0, 109.0, "start", numbers::FEET.in_lang(lang).to_owned())}
                {label(150.0, 109.0, "middle", format!("{} mm", lang.number(height_mm, 0)))}
                {label(300.0, 109.0, "end", numbers::HEAD.in_lang(lang).to_owned())}
            </svg>
            <figcaption>{say(words::REPORT_PROFILE)}</figcaption>
        </figure>
    }
}

/// Six fields as the reader faces the patient: right on the left.
fn zones(zones: [Option<f64>; 6]) -> impl IntoView {
    let lang = page().lang.get_untracked();
    let cell = |n: usize| {
        let (x, y) = (if n < 3 { 60 } else { 178 }, 12 + 32 * (n % 3));
        let percent = zones[n];
        let depth = format!("{:.2}", (percent.unwrap_or(0.0) / 100.0).clamp(0.0, 1.0));
        let text = percent.map_or_else(|| "—".to_owned(), |percent| format!("{} %", lang.number(percent, 1)));
        view! {
            <g>
                <rect class="zone" x=x y=y width="110" height="28" rx="4" />
                <rect class="involved" x=x y=y width="110" height="28" rx="4" fill-opacity=depth />
                {label(f64::from(x) + 55.0, y as f64 + 18.0, "middle", text)}
            </g>
        }
    };
    let sides = [(115.0, numbers::RIGHT), (233.0, numbers::LEFT)];
    let levels = [numbers::ZONE_UPPER, numbers::ZONE_MIDDLE, numbers::ZONE_LOWER];
    view! {
        <figure data-testid="report-zones">
            <svg viewBox="0 0 304 112" role="img">
                {sides.map(|(x, side)| label(x, 9.0, "middle", side.in_lang(lang).to_owned())).collect_view()}
                {[0, 1, 2]
                    .map(|n| label(56.0, 30.0 + 32.0 * n as f64, "end", levels[n].in_lang(lang).to_owned()))
                    .collect_view()}
                {(0..6).map(cell).collect_view()}
            </svg>
            <figcaption>{say(words::REPORT_ZONES)}</figcaption>
        </figure>
    }
}
