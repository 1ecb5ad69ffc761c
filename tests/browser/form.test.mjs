// The reading form filled in by keyboard alone, in both languages.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import path from "node:path";
import { demonstrationFiles, id, openFiles, out, withPage } from "./page.mjs";
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

const score = (page, name) => page.locator(id(`form-score-${name}`)).getAttribute("data-value");

for (const lang of ["en", "fr"]) {
  test(`every field is answered by keyboard, within a reader's patience (${lang})`, async (t) => {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.keyboard.press("l");
      await page.waitForFunction(() => Number(document.querySelector('[data-testid="quantity-lung-volume"]').dataset.value) > 1000);
      await page.keyboard.press("k");
      await page.waitForFunction(() => Number(document.querySelector('[data-testid="quantity-involvement"]').dataset.value) > 0);
      await page.keyboard.press("Shift+R");
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "form-quality");
      // While the form is open the planes between the zones stand on the pictures, with the names of the zones.
      const zones = (pane) => page.locator(`${id(pane)} ${id("zone-planes")} text`).allTextContents();
      const names = { en: ["upper zone", "middle zone", "lower zone"], fr: ["zone supérieure", "zone moyenne", "zone inférieure"] };
      assert.deepEqual(await zones("pane-coronal"), names[lang]);
      assert.deepEqual(await zones("pane-axial"), []);
      const window = await page.locator(id("pane-axial")).getAttribute("data-center");
      const begun = Date.now();
      let keys = 0;
      const press = async (key) => {
        keys += 1;
        await page.keyboard.press(key);
      };
      const type = async (text) => {
        for (const key of text) await press(key);
      };
      // A row at a time: what has the focus says what it takes.
      for (;;) {
        const at = await page.evaluate(() => {
          const e = document.activeElement;
          const choices = [...e.querySelectorAll("button")];
          return { key: e.dataset.testid, several: e.getAttribute("role") === "group", digits: choices.map((c) => c.querySelector("kbd").textContent) };
        });
        if (at.key === "form-comment") {
          await type("to follow");
          await press("Enter");
        } else if (!at.digits.length) {
          await type({ "form-height": "170", "form-fat-area": "60", "form-thickness": "1" }[at.key] ?? "31");
          await press("Enter");
        } else if (at.several) {
          await press(at.digits.at(-1));
          await press("Enter");
        } else {
          await press(at.digits[1]);
        }
        if (at.key === "form-role") break;
      }
      await page.waitForFunction(() => /^(\d+) \D+ \1 /.test(document.querySelector('[data-testid="form-answered"]').textContent));
      const minutes = (ms) => `${((keys * ms) / 1000).toFixed(0)} s at ${ms} ms a key`;
      t.diagnostic(`${keys} keys, ${((Date.now() - begun) / 1000).toFixed(1)} s by machine; ${minutes(300)}, ${minutes(600)}`);
      assert.equal(await page.locator(id("pane-axial")).getAttribute("data-center"), window, "digits choose answers, not windows");
      assert.equal(await score(page, "zone-total"), "6");
      assert.equal(await score(page, "coronary-total"), null, "the stent that was chosen cannot be scored");
      assert.equal(await score(page, "artery-ratio"), "1");
      assert.equal(await page.locator(id("form-measured-extent")).isVisible(), true);
      await page.screenshot({ path: path.join(out, `form-${lang}.png`) });
      // One step back takes one answer back; the form closes by its key.
      await page.keyboard.press("Control+z");
      await page.waitForFunction(() => document.querySelector('[data-testid="form-role"]').dataset.answered === "false");
      await page.keyboard.press("Escape");
      await page.locator(id("form-quality")).waitFor({ state: "hidden" });
      assert.equal(await page.locator(id("undo")).isEnabled(), true);
    });
  });
}
