// The reading beside its form: blinded, published associations, two readers compared, a network of the reader's own.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import test, { after, before } from "node:test";
import path from "node:path";
import { data, demonstrationFiles, here, id, openFiles, out, segments, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
let demonstration;
before(async () => {
  site = await serve();
  demonstration = demonstrationFiles();
});
after(() => {
  site.close();
  fs.rmSync(demonstration.folder, { recursive: true });
});

const above = (name, least) => [
  ([name, least]) => Number(document.querySelector(`[data-testid="${name}"]`).dataset.value) > least,
  [name, least],
];
const lungs = async (page) => {
  await page.keyboard.press("l");
  await until(page, ...above("quantity-lung-volume", 1000));
};
const description = (page) => page.locator(id("series-item")).first().textContent();
/// All that a reader could read or a program find on the page.
const everything = (page) => page.evaluate(() => document.documentElement.outerHTML);

for (const lang of ["en", "fr"]) {
  test(`a blinded page says nothing of the series, and the form says so (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      await page.keyboard.press("Control+b");
      await until(page, () => document.querySelector('[data-testid="blinded"]').getAttribute("aria-pressed") === "true");
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      const names = demonstration.slices.map((s) => path.basename(s));
      const hidden = await everything(page);
      assert.match(await description(page), /•••/);
      assert.deepEqual(names.filter((n) => hidden.includes(n)), []);
      await page.keyboard.press("Shift+R");
      await until(page, () => document.activeElement?.dataset.testid === "form-quality");
      await page.keyboard.press("1");
      await until(page, () => document.querySelector('[data-testid="form-blinded"]').textContent.length > 0);
      const said = await page.locator(id("form-blinded")).textContent();
      assert.equal(said, lang === "en" ? "Read blinded" : "Lu en aveugle");
      await page.screenshot({ path: path.join(out, `blinded-${lang}.png`) });
      // Shown after all: the next answer is not blinded any more.
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+b");
      await until(page, () => !document.querySelector('[data-testid="series-item"]').textContent.includes("•••"));
      const shown = await description(page);
      assert.ok(!hidden.includes(shown.replace(/^\d+ · /, "").slice(0, 12)), shown);
      await page.keyboard.press("Shift+R");
      await until(page, () => document.activeElement?.dataset.testid === "form-quality");
      await page.keyboard.press("2");
      await until(page, (said) => document.querySelector('[data-testid="form-blinded"]').textContent !== said, said);
    });
  });

  test(`published associations are shown when asked for (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await lungs(page);
      assert.equal(await page.locator(id("associations-panel")).isVisible(), false, "off by default");
      await page.click(id("associations"));
      await page.locator(id("association-well-aerated")).scrollIntoViewIfNeeded();
      const value = Number((await data(page, "association-well-aerated")).value);
      const quantity = Number((await data(page, "quantity-well-aerated")).value);
      assert.ok(value > 0 && value === quantity);
      assert.equal((await data(page, "association-coronary")).value, undefined, "nothing was scored");
      const text = await page.locator(id("associations-panel")).textContent();
      assert.match(text, lang === "en" ? /Not a medical device/ : /pas un dispositif médical/);
      assert.equal((text.match(/n = \d+/g) ?? []).length, 8);
      await page.screenshot({ path: path.join(out, `associations-${lang}.png`) });
      await page.click(id("associations"));
      await page.locator(id("associations-panel")).waitFor({ state: "hidden" });
    });
  });
}

test("a site that reads blinded cannot be talked out of it", async () => {
  const closed = await serve(undefined, { configuration: { blinded: "always" } });
  try {
    await withPage(closed.address, async (page) => {
      await until(page, () => document.querySelector('[data-testid="blinded"]').disabled);
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.keyboard.press("Control+b");
      await until(page, () => document.querySelector('[data-testid="notice"]').textContent.length > 0);
      assert.match(await description(page), /•••/);
    });
  } finally {
    closed.close();
  }
});

test("tables of two readers are compared on the page", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-readings-"));
  try {
    await withPage(site.address, async (page, { requests }) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.keyboard.press("Shift+R");
      await until(page, () => document.activeElement?.dataset.testid === "form-quality");
      for (const key of ["1", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Shift+P");
      const [saved] = await Promise.all([page.waitForEvent("download"), page.click(id("export-json"))]);
      await page.keyboard.press("Escape");
      const table = JSON.parse(fs.readFileSync(await saved.path()));
      // A series of cases: the same table of other CTs, with other answers.
      const extents = ["0", "to-10", "to-25", "to-50", "to-75", "over-75"];
      const written = (reader, change) =>
        [0, 1, 2, 3, 4, 5].map((n) => {
          const rows = table.map((r) => (r.name === "Series Instance UID" ? { ...r, value: `1.2.3.${n}` } : r));
          const row = (kind, name, value) => ({ kind, name, number: null, value, unit: "", code: "", about: "" });
          rows.push(row("form", "extent", extents[change(n)]), row("quantity", "lesion-volume", String(100 * n + 7 * reader)));
          const file = path.join(folder, `reader-${reader}-${n}.json`);
          fs.writeFileSync(file, JSON.stringify(rows));
          return file;
        });
      await page.click(id("readings"));
      await page.setInputFiles(id("readings-first"), written(0, (n) => n));
      await page.setInputFiles(id("readings-second"), written(1, (n) => (n === 5 ? 2 : n)));
      await page.waitForSelector(id("agreement-extent"));
      const kappa = Number((await data(page, "agreement-extent")).value);
      assert.ok(kappa > 0.5 && kappa < 1, String(kappa));
      assert.ok(Number((await data(page, "agreement-lesion-volume")).value) > 0.99);
      assert.equal(await page.locator(id("discord-item")).count(), 1);
      await page.screenshot({ path: path.join(out, "readings.png") });
      assert.equal(requests.filter((r) => r.body?.length).length, 0, "nothing is sent");
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test("a network of the reader's own is run in the worker", async (t) => {
  await withPage(site.address, async (page, { requests, troubles }) => {
    assert.equal(await openFiles(page, demonstration.slices), "ready");
    await lungs(page);
    const before = (await segments(page)).length;
    const asked = requests.length;
    const begun = Date.now();
    await page.setInputFiles(id("run-model"), path.join(here, "../models/opacities.onnx"));
    await until(page, (n) => document.querySelectorAll('[data-testid="segment-item"]').length > n, before);
    const found = await segments(page);
    t.diagnostic(`${found.map((s) => `${s.ml.toFixed(1)} ml`).join(", ")} in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    assert.ok(found.length > before && found.at(-1).ml > 1, JSON.stringify(found));
    assert.equal(requests.length, asked, "it is neither fetched nor sent");
    await page.screenshot({ path: path.join(out, "model.png") });
    await page.keyboard.press("Control+z");
    await until(page, (n) => document.querySelectorAll('[data-testid="segment-item"]').length === n, before);
    // A file that is no network says so, and nothing is changed.
    await page.setInputFiles(id("run-model"), demonstration.slices[0]);
    await until(page, () => /model cannot be read/.test(document.querySelector('[data-testid="notice"]').textContent));
    assert.equal((await segments(page)).length, before);
    assert.deepEqual(troubles, []);
  });
});
