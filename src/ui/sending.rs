//! Handing over: the section with its buttons, what is shown before anything leaves, and the outbox.

use super::runtime::page;
use super::signing_in::KnownBy;
use super::toolbar::{CommandButton, say};
use crate::platform::dicomweb::Server;
use crate::session::words::{self, sending};
use crate::session::{
    Action, Audience, Command, ObjectRow, OutboxEvent, ParcelId, ParcelRow, PreviewView, UploadView, reason_words,
};
use gloo::storage::{LocalStorage as Kept, Storage};
use leptos::prelude::*;

/// Where the browser keeps the reader's name and code.
pub(super) const READER_NAME: &str = "hilum-reader";
/// See [`READER_NAME`].
pub(super) const READER_CODE: &str = "hilum-reader-code";
/// Attributes that are on the page at once: each frame of a segmentation has some thirty, and a browser stands still over tens of
/// thousands.
const MOST_ROWS: usize = 500;

#[component]
pub(super) fn HandOver() -> impl IntoView {
    let page = page();
    let can_mark = Signal::derive(move || page.view.with(|v| v.can_mark));
    let send = move |place: usize, action: Action, test_id: &'static str, named: words::Text, nowhere: words::Text| {
        let text = move || {
            page.view.with(|v| match &v.destinations[place] {
                Some(name) => named.with(v.lang, &[name]),
                None => nowhere.in_lang(v.lang).to_owned(),
            })
        };
        let is_set = move || page.view.with(|v| v.destinations[place].is_some());
        // A campaign is the exception: where there is none, nothing is said of it.
        let hidden = move || place == 1 && !is_set();
        view! {
            <button
                type="button"
                data-testid=test_id
                hidden=hidden
                disabled=move || !(is_set() && page.view.with(|v| v.has_case))
                on:click=move |_| page.dispatch(Command::Do(action))
            >
                {text}
            </button>
        }
    };
    view! {
        <section>
            <h2>{say(words::HAND_OVER)}</h2>
            <div class="group">
                <CommandButton action=Action::ExportSeg enabled=can_mark />
                <CommandButton action=Action::ExportSr enabled=can_mark />
                <CommandButton action=Action::ExportNifti enabled=can_mark />
                <CommandButton action=Action::ExportLabelMaps enabled=can_mark />
                <CommandButton action=Action::ExportRtstruct enabled=can_mark />
                <CommandButton action=Action::ExportBundle enabled=can_mark />
            </div>
            <div class="group">
                {send(0, Action::PrepareUpload, "upload", sending::UPLOAD, sending::UPLOAD_NOWHERE)}
                {send(1, Action::PrepareCampaign, "upload-campaign", sending::CAMPAIGN_UPLOAD, sending::CAMPAIGN_NOWHERE)}
            </div>
            <Outbox />
        </section>
    }
}

#[component]
fn Outbox() -> impl IntoView {
    let page = page();
    let parcels = Memo::new(move |_| page.view.with(|v| v.outbox.clone()));
    let tell = move |event: OutboxEvent| page.dispatch(Command::Outbox(event));
    let object = move |id: ParcelId, object: ObjectRow| {
        let (saved, discarded) = (object.uid.clone(), object.uid.clone());
        view! {
            <li data-testid="parcel-object" data-uid=object.uid>
                <small>{object.title}</small>
                <div class="group">
                    <button
                        type="button"
                        data-testid="object-save"
                        on:click=move |_| tell(OutboxEvent::Save(id, Some(saved.clone())))
                    >
                        {say(sending::OUTBOX_SAVE)}
                    </button>
                    <button
                        type="button"
                        data-testid="object-discard"
                        on:click=move |_| tell(OutboxEvent::DiscardObject(id, discarded.clone()))
                    >
                        {say(sending::OUTBOX_DISCARD)}
                    </button>
                </div>
            </li>
        }
    };
    let row = move |parcel: ParcelRow| {
        let id = parcel.id;
        view! {
            <li class="parcel" data-testid="parcel" data-state=parcel.state>
                <b>{parcel.title}</b>
                <small>{parcel.state_words}</small>
                <small>{parcel.about}</small>
                <div class="group">
                    <button
                        type="button"
                        data-testid="parcel-send"
                        hidden=!parcel.can_send
                        on:click=move |_| tell(OutboxEvent::Send(id))
                    >
                        {say(sending::OUTBOX_SEND)}
                    </button>
                    <button type="button" data-testid="parcel-show" on:click=move |_| tell(OutboxEvent::Show(id))>
                        {say(sending::OUTBOX_SHOW)}
                    </button>
                    <button
                        type="button"
                        data-testid="parcel-save"
                        hidden=!parcel.can_save
                        on:click=move |_| tell(OutboxEvent::Save(id, None))
                    >
                        {say(sending::OUTBOX_SAVE)}
                    </button>
                    <button
                        type="button"
                        data-testid="parcel-stop"
                        hidden=!parcel.can_stop
                        on:click=move |_| tell(OutboxEvent::Stop(id))
                    >
                        {say(sending::UPLOAD_STOP)}
                    </button>
                    <button type="button" data-testid="parcel-discard" on:click=move |_| tell(OutboxEvent::Discard(id))>
                        {say(sending::OUTBOX_DISCARD)}
                    </button>
                </div>
                <ul class="objects">{parcel.objects.into_iter().map(|o| object(id, o)).collect_view()}</ul>
            </li>
        }
    };
    view! {
        <div hidden=move || parcels.with(Vec::is_empty)>
            <h3>{say(sending::OUTBOX)}</h3>
            <ul class="parcels">{move || parcels.get().into_iter().map(row).collect_view()}</ul>
        </div>
    }
}

#[component]
pub(super) fn UploadDialog() -> impl IntoView {
    let page = page();
    let upload = Memo::new(move |_| page.view.with(|v| v.upload.clone()));
    let shown = Memo::new(move |_| {
        upload.with(|u| if let UploadView::Preview(preview) = u { Some(preview.clone()) } else { None })
    });
    let of = move |f: fn(&PreviewView) -> bool| shown.with(|p| p.as_ref().is_some_and(f));
    let for_campaign = move || of(|p| p.to == Audience::Campaign);
    let to = move || if for_campaign() { Audience::Campaign } else { Audience::Hospital };
    let lines = Memo::new(move |_| shown.with(|p| p.as_ref().map(|p| p.lines.clone())));
    let first = RwSignal::new(0);
    let scroll = NodeRef::<leptos::html::Div>::new();
    let rows = move || {
        let lang = page.lang.get();
        let row = |line: &crate::session::PreviewLine| {
            view! {
                <tr data-testid="preview-line" data-keyword=line.keyword.to_string() style:--depth=line.depth.to_string()>
                    <td>{line.tag_text()}</td>
                    <td class="keyword">{line.keyword.to_string()}</td>
                    <td>{line.value.to_string()}</td>
                    <td class="why">{reason_words(line.reason, to(), lang)}</td>
                </tr>
            }
        };
        lines.with(|l| l.as_ref().map(|l| l.iter().skip(first.get()).take(MOST_ROWS).map(row).collect_view()))
    };
    let count = move || lines.with(|l| l.as_ref().map_or(0, |l| l.len()));
    let which = move || {
        let shown = [first.get() + 1, (first.get() + MOST_ROWS).min(count()), count()].map(|n| n.to_string());
        sending::PREVIEW_ROWS.with(page.lang.get(), &shown.each_ref().map(String::as_str))
    };
    let turn = move |to: usize| {
        first.set(to);
        if let Some(scroll) = scroll.get_untracked() {
            scroll.set_scroll_top(0);
        }
    };
    // Another list begins at its beginning.
    Effect::new(move |_| {
        lines.track();
        turn(0);
    });
    let said = move || upload.with(|u| if let UploadView::Said(text, _) = u { text.clone() } else { String::new() });
    let on_its_way = move || upload.with(|u| if let UploadView::Said(_, on_its_way) = u { *on_its_way } else { None });
    let done = move || upload.with(|u| matches!(u, UploadView::Said(_, None)));
    let stop = move |_| {
        if let Some(id) = on_its_way() {
            page.dispatch(Command::Outbox(OutboxEvent::Stop(id)));
        }
    };
    let can_confirm = Signal::derive(move || of(|p| p.can_confirm));
    let close = move |_| page.dispatch(Command::Do(Action::CancelUpload));
    let given = StoredValue::new_local(Box::new(|_: &Server| {}) as Box<dyn Fn(&Server)>);
    let confirm = move |_| {
        page.runtime.with_value(|r| given.with_value(|tell| tell(r.servers().of(to()))));
        page.dispatch(Command::Do(Action::ConfirmUpload));
    };
    let name_reader = move |e| {
        let text = event_target_value(&e);
        let key = if for_campaign() { READER_CODE } else { READER_NAME };
        // Without storage it is asked again next time.
        Kept::set(key, &text).unwrap_or_else(|e| log::debug!("{e:?}"));
        page.dispatch(Command::Reader(to(), text));
    };
    let authentication =
        Signal::derive(move || shown.with(|p| p.as_ref().map(|p| p.authentication).unwrap_or_default()));
    let either = move |campaign: words::Text, hospital: words::Text| {
        move || say(if for_campaign() { campaign } else { hospital })()
    };
    view! {
        <div
            class="dialog upload"
            role="dialog"
            aria-modal="true"
            aria-label=say(sending::UPLOAD_PREVIEW)
            hidden=move || upload.with(|u| *u == UploadView::Closed)
        >
            <h2>{say(sending::UPLOAD_PREVIEW)}</h2>
            <p>{either(sending::CAMPAIGN_PROMISE, sending::UPLOAD_PROMISE)}</p>
            <div class="fields" hidden=move || !of(|p| p.reader.is_some() && (p.can_confirm || p.problem.is_some()))>
                <label>
                    <span>{either(sending::READER_CODE, sending::READER_NAME)}</span>
                    <input
                        type="text"
                        data-testid="upload-reader"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="64"
                        prop:value=move || shown.with(|p| p.as_ref().and_then(|p| p.reader.clone()))
                        on:change=name_reader
                    />
                </label>
            </div>
            <KnownBy prefix="upload" to=Signal::derive(to) authentication=authentication tell=given />
            <p class="notice" role="alert" data-testid="upload-problem" hidden=move || !of(|p| p.problem.is_some())>
                {move || shown.with(|p| p.as_ref().and_then(|p| p.problem.clone()))}
            </p>
            <p class="notice" data-testid="upload-notes" hidden=move || !of(|p| !p.notes.is_empty())>
                {move || shown.with(|p| p.as_ref().map(|p| p.notes.clone()))}
            </p>
            <div class="group" hidden=move || count() == 0>
                <span data-testid="preview-count">{which}</span>
                <button
                    type="button"
                    data-testid="preview-earlier"
                    hidden=move || count() <= MOST_ROWS
                    disabled=move || first.get() == 0
                    on:click=move |_| turn(first.get_untracked().saturating_sub(MOST_ROWS))
                >
                    {say(sending::PREVIEW_EARLIER)}
                </button>
                <button
                    type="button"
                    data-testid="preview-later"
                    hidden=move || count() <= MOST_ROWS
                    disabled=move || count() <= first.get() + MOST_ROWS
                    on:click=move |_| turn(first.get_untracked() + MOST_ROWS)
                >
                    {say(sending::PREVIEW_LATER)}
                </button>
                <CommandButton action=Action::SavePreview />
            </div>
            <div class="scroll" node_ref=scroll tabindex="0" role="region" aria-label=say(sending::UPLOAD_PREVIEW) hidden=move || count() == 0>
                <table>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p data-testid="upload-status">{said}</p>
            <div class="group end">
                <button type="button" data-testid="upload-confirm" hidden=move || !can_confirm.get() on:click=confirm>
                    {say(sending::UPLOAD_CONFIRM)}
                </button>
                <span hidden=move || shown.with(Option::is_none)>
                    <CommandButton action=Action::CancelUpload />
                </span>
                <button
                    type="button"
                    data-testid="upload-stop"
                    hidden=move || on_its_way().is_none()
                    on:click=stop
                >
                    {say(sending::UPLOAD_STOP)}
                </button>
                <button type="button" data-testid="upload-close" hidden=move || !done() on:click=close>
                    {say(words::CLOSE)}
                </button>
            </div>
        </div>
    }
}
