//! The one-page report: shown over the page, printed by the browser.

use super::runtime::page;
use super::toolbar::{CommandButton, say};
use crate::session::words;
use crate::session::{Action, Command, HistogramView, ReportView};
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
    let numbers = report.numbers.into_iter().map(|(title, text, doubt)| {
        let doubt = doubt.map(|why| view! { <small class="doubt">" " {why}</small> });
        view! { <tr><th>{title}</th><td>{text} {doubt}</td></tr> }
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
                    <table>{numbers.collect_view()}</table>
                    <h2>{say(words::SEGMENTS)}</h2>
                    <table>{segments.collect_view()}</table>
                    {report.measurements.into_iter().map(|m| view! { <p>{m}</p> }).collect_view()}
                </section>
                <section>
                    {report.histogram.map(|h| histogram(&h))}
                    {(!report.profile.is_empty()).then(move || profile(&report.profile))}
                    {report.zones.map(zones)}
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

/// Bars, with a line at each border of the compartments.
fn histogram(histogram: &HistogramView) -> impl IntoView + use<> {
    let most = histogram.bins.iter().fold(0.1f64, |a, b| a.max(*b));
    let bars: String = histogram
        .bins
        .iter()
        .enumerate()
        .map(|(n, share)| format!("M{} 100h3.6V{:.1}h-3.6z", n as f64 * 4.0, 100.0 - 96.0 * share / most))
        .collect();
    let x = |hu: i16| f64::from(hu - HistogramView::LOWEST_HU) * 4.0 / f64::from(HistogramView::BIN_HU);
    let borders: String = HistogramView::BORDERS_HU.iter().map(|hu| format!("M{:.1} 0V100", x(*hu))).collect();
    view! {
        <figure data-testid="report-histogram">
            <svg viewBox="0 0 304 102" role="img"><path class="bars" d=bars /><path class="borders" d=borders /></svg>
            <figcaption>{say(words::REPORT_HISTOGRAM)}</figcaption>
        </figure>
    }
}

/// Two areas over the slices, feet on the left.
fn profile(slices: &[[f64; 2]]) -> impl IntoView + use<> {
    let most = slices.iter().fold(0.1f64, |a, s| a.max(s[0]));
    let step = 300.0 / slices.len() as f64;
    let area = |which: usize| {
        let points = slices.iter().enumerate();
        let line: String = points
            .map(|(n, s)| format!("L{:.1} {:.1}", (n as f64 + 0.5) * step, 100.0 - 96.0 * s[which] / most))
            .collect();
        format!("M0 100{line}L300 100z")
    };
    view! {
        <figure data-testid="report-profile">
            <svg viewBox="0 0 304 102" role="img">
                <path class="lung" d=area(0) />
                <path class="involved" d=area(1) />
            </svg>
            <figcaption>{say(words::REPORT_PROFILE)}</figcaption>
        </figure>
    }
}

/// Six fields as the reader faces the patient: right on the left.
fn zones(zones: [f64; 6]) -> impl IntoView {
    let lang = page().view.with_untracked(|v| v.lang);
    let cell = |n: usize| {
        let (x, y) = (if n < 3 { 20 } else { 160 }, 4 + 32 * (n % 3));
        let percent = zones[n];
        let depth = format!("{:.2}", (percent / 100.0).clamp(0.0, 1.0));
        view! {
            <g>
                <rect class="zone" x=x y=y width="120" height="28" rx="4" />
                <rect class="involved" x=x y=y width="120" height="28" rx="4" fill-opacity=depth />
                <text x=x + 60 y=y + 19 text-anchor="middle">{lang.number(percent, 1)}</text>
            </g>
        }
    };
    view! {
        <figure data-testid="report-zones">
            <svg viewBox="0 0 304 102" role="img">{(0..6).map(cell).collect_view()}</svg>
            <figcaption>{say(words::REPORT_ZONES)}</figcaption>
        </figure>
    }
}
