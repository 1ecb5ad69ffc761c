// What servers and headers say is shown as text where it is listed, sent and written down: it runs nothing, turns nothing, blocks nothing.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, drag, id, openFiles, out, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

const SCRIPT = "<img src=x onerror=window.injected=1><script>window.injected=2</script>";
const TURNED = "\u202egnp.exe";
const LONG = "<i>x".repeat(16_000);

let folder;
let site;
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-outside-"));
  const study = (n, name, description) => ({
    "0020000D": { vr: "UI", Value: [`2.25.${n}`] },
    "00080020": { vr: "DA", Value: ["20260105"] },
    "00081030": { vr: "LO", Value: [description] },
    "00100010": { vr: "PN", Value: [{ Alphabetic: name }] },
    "00100020": { vr: "LO", Value: [name] },
  });
  const studies = [study(1, SCRIPT, SCRIPT), study(2, TURNED, TURNED), study(3, LONG, LONG), study(4, "\u001b[2J\u009b31m", "' OR 1=1; --")];
  const answer = (request, response) => {
    const isSearch = request.method === "GET";
    const failed = { "00081198": { vr: "SQ", Value: [{ "00081155": { vr: "UI", Value: [SCRIPT + TURNED] }, "00081197": { vr: "US", Value: [290] } }] } };
    request.resume().on("end", () =>
      response.writeHead(isSearch ? 200 : 409, { "content-type": "application/dicom+json" }).end(JSON.stringify(isSearch ? studies : failed)),
    );
    return true;
  };
  site = await serve({ port: 0 }, { answer });
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

const untouched = async (page) => {
  const found = await page.evaluate(() => ({
    injected: window.injected ?? null,
    elements: document.querySelectorAll("[onerror], [onload], iframe, img, script:not([src]):not([type])").length,
  }));
  assert.deepEqual(found, { injected: null, elements: 0 });
};

test("what a server lists is shown as it is written, in a few lines", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await page.click(id("open-dicomweb"));
    // What is asked for stands in the address of the request, and in the ledger as it went.
    await page.fill(id("qido-patient"), `${SCRIPT}\u202e`);
    await page.click(id("qido-search"));
    await page.waitForSelector(id("study-item"));
    const rows = await all(page, "study-item");
    assert.equal(rows.length, 4);
    const text = (n) => rows.find((row) => row.studyUid === `2.25.${n}`).text;
    for (const [n, words] of [[1, SCRIPT], [2, TURNED], [3, LONG]]) assert.ok(text(n).includes(words), words.slice(0, 20));
    const heights = await page.locator(id("study-item")).evaluateAll((items) => items.map((i) => i.getBoundingClientRect().height));
    assert.ok(heights.every((h) => h > 0 && h < 100), `${heights} px`);
    const widths = await page.locator(`${id("study-item")} span`).evaluateAll((spans) => spans.map((s) => s.getBoundingClientRect().width));
    const whole = await page.locator(".remote .scroll").first().evaluate((list) => list.clientWidth);
    assert.ok(widths.every((w) => w < whole), `${Math.max(...widths)} px in ${whole} px`);
    const asked = (await all(page, "ledger-entry")).map((l) => l.url);
    assert.equal(asked.length, 1);
    assert.match(asked[0], /^[!-~]+$/);
    await page.screenshot({ path: path.join(out, "outside-words-list.png") });
    await untouched(page);
    assert.deepEqual(troubles, []);
  });
});

/// Whether the letters of an element's own last text stand from left to right.
const readsOn = (page, selector) =>
  page.locator(selector).first().evaluate((element) => {
    const text = [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE && n.data.trim().length > 5).at(-1);
    const left = (n) => {
      const range = document.createRange();
      range.setStart(text, n);
      range.setEnd(text, n + 1);
      return range.getBoundingClientRect().left;
    };
    const begin = text.data.search(/\w\w\w/);
    return left(begin) < left(begin + 1) && left(begin + 1) < left(begin + 2);
  });

test("a name that turns the direction of writing turns no words beside it, and a long one takes a few lines", async () => {
  const turned = writeSeries(folder, { slices: 6, size: 64, study: 75, patientName: TURNED, patientId: TURNED, description: TURNED });
  const long = writeSeries(folder, { slices: 6, size: 64, study: 76, description: "<i>".repeat(21_000) });
  const named = path.join(folder, `${TURNED}.dcm`);
  fs.writeFileSync(named, "no DICOM");
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, [...turned, ...long, named]), "ready");
    assert.ok(await readsOn(page, id("error-item")), "why a file was not opened is read from left to right");
    const rows = await page.locator(id("series-item")).evaluateAll((items) => items.map((i) => i.getBoundingClientRect().height));
    assert.ok(rows.length === 2 && rows.every((h) => h > 0 && h < 120), `${rows} px`);
    await page.click(`${id("series-item")}[data-series-uid="2.25.99075.1"]`);
    await until(page, () => document.querySelector('[data-testid="status"]').dataset.state === "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.4, 0.5], [0.55, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 20);

    // What leaves shows what turns by its number.
    await page.click(id("upload"));
    await page.waitForSelector(id("preview-line"));
    const name = (await all(page, "preview-line")).find((l) => l.keyword === "PatientName");
    assert.ok(name.text.includes("⟨U+202E⟩gnp.exe"), name.text);
    await page.click(id("upload-confirm"));
    // The server's words on each object, in the dialog and in the outbox.
    await page.waitForSelector(`${id("upload-close")}:visible`);
    await until(page, () => document.querySelector('[data-testid="parcel"]')?.dataset.state === "held");
    await page.click(id("upload-close"));
    await page.screenshot({ path: path.join(out, "outside-words-outbox.png") });
    await untouched(page);
    assert.deepEqual(troubles.filter((x) => !/Failed to load resource/.test(x)), []);
  });
});
