// A reading goes from page to page: as outlines, and as a bundle that finds its CT and shows what it meets.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, download, drag, id, openFiles, out, segments, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
let files;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-handing-on-"));
  files = writeSeries(folder, { slices: 24, size: 96, study: 71 });
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

async function brush(page, meaning, from, to) {
  await page.selectOption(id("segment-meaning"), { label: meaning });
  await page.click(id("add-segment"));
  await page.click(id("tool-brush"));
  const before = (await segments(page)).length;
  await drag(page, "pane-axial", from, to);
  await until(page, (n) => +[...document.querySelectorAll('[data-testid="segment-item"]')][n - 1]?.dataset.voxels > 20, before);
}

test("outlines and a bundle are saved, and opened again in another page", async (t) => {
  let saved;
  let marked;
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, files), "ready");
    await brush(page, "Right lung", [0.35, 0.4], [0.5, 0.4]);
    await brush(page, "Lesion", [0.4, 0.5], [0.55, 0.5]);
    marked = (await segments(page)).map((s) => s.voxels);
    saved = { outlines: await download(page, "export-rtstruct", folder), bundle: await download(page, "export-bundle", folder) };
    assert.match(saved.bundle, /hilum-bundle-\d{8}-\d{6}\.zip$/);
    assert.deepEqual(troubles, []);
  });
  t.diagnostic(`${fs.statSync(saved.bundle).size} bytes of bundle, ${fs.statSync(saved.outlines).size} of outlines`);
  for (const file of [saved.outlines, saved.bundle]) {
    await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
      assert.equal(await openFiles(page, [...files, file]), "ready");
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 2);
      assert.deepEqual((await segments(page)).map((s) => s.voxels), marked, path.basename(file));
      assert.deepEqual(await all(page, "error-item"), []);
      await page.screenshot({ path: path.join(out, `handing-on-${path.extname(file).slice(1)}.png`) });
      assert.deepEqual(troubles, []);
    });
  }
});

test("a bundle that meets what is there is shown, and taken as the reader says", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, files), "ready");
    await brush(page, "Lesion", [0.4, 0.5], [0.55, 0.5]);
    const bundle = await download(page, "export-bundle", folder);
    await brush(page, "Consolidation", [0.45, 0.45], [0.45, 0.6]);
    const before = (await segments(page)).map((s) => s.voxels);
    await openFiles(page, [bundle]);
    await page.waitForSelector(`${id("arrival")}:visible`);
    assert.ok((await all(page, "arrival-line")).length >= 1);
    assert.deepEqual((await segments(page)).map((s) => s.voxels), before, "nothing is merged before the answer");
    await page.screenshot({ path: path.join(out, "arrival.png") });
    // The keyboard is on the first answer.
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "arrival-take");
    await page.click(id("arrival-leave"));
    await until(page, () => document.querySelector('[data-testid="arrival"]').hidden);
    await openFiles(page, [bundle]);
    await page.waitForSelector(`${id("arrival")}:visible`);
    await page.click(id("arrival-keep"));
    await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 3);
    assert.deepEqual((await segments(page)).slice(0, 2).map((s) => s.voxels), before);
    await page.click(id("undo"));
    await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 2);
    assert.deepEqual(troubles, []);
  });
});

test("what a header says is shown as text, whatever it says", async () => {
  const words = {
    patientName: "<img src=x onerror=window.injected=1>^<script>window.injected=2</script>",
    patientId: "\"><svg onload=window.injected=3>",
    description: "<b data-injected>chest</b>\u001b[31m \u202egnp.exe",
    kernel: "'\"><iframe srcdoc='<script>parent.injected=4</script>'>",
  };
  const hostile = writeSeries(folder, { slices: 6, size: 64, study: 72, ...words });
  const long = writeSeries(folder, { slices: 6, size: 64, study: 73, description: "<i>".repeat(21_000) });
  const named = path.join(folder, "<img src=x onerror=window.injected=5>.dcm");
  fs.writeFileSync(named, "no DICOM");
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, [...hostile, ...long, named]), "ready");
    assert.equal((await all(page, "series-item")).length, 2);
    await page.click(`${id("series-item")}[data-series-uid="2.25.99072.1"]`);
    assert.ok((await all(page, "series-item")).some((s) => s.text.includes("<b data-injected>chest</b>")), "it is shown as it is written");
    assert.ok((await all(page, "error-item"))[0].text.includes("<img src=x onerror=window.injected=5>"));
    await until(page, () => document.querySelector('[data-testid="status"]').dataset.state === "ready");
    await brush(page, "Lesion", [0.4, 0.5], [0.55, 0.5]);
    await page.click(id("report"));
    await page.waitForTimeout(300);
    for (const name of ["export-seg", "export-sr", "export-rtstruct", "export-bundle", "export-csv"]) {
      const button = page.locator(id(name)).first();
      const [offered] = await Promise.all([page.waitForEvent("download"), button.evaluate((b) => b.click())]);
      assert.ok(offered.suggestedFilename().startsWith("hilum-"), name);
    }
    const found = await page.evaluate(() => ({
      injected: window.injected ?? null,
      elements: document.querySelectorAll("[onerror], [onload], [data-injected], iframe, script:not([src]):not([type])").length,
    }));
    assert.deepEqual(found, { injected: null, elements: 0 });
    assert.deepEqual(troubles, []);
  });
});
