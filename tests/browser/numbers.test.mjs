// What is measured beside lungs and lesions: vessels, chest wall, calcium, lesions one by one; numbers with their definitions.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, id, openDemonstration, out, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => {
  site = await serve();
});
after(() => site.close());

const value = (page, name) =>
  until(page, (name) => Number(document.querySelector(`[data-testid="quantity-${name}"]`).dataset.value) > 0, name);

for (const lang of ["en", "fr"]) {
  test(`more is proposed, and lesions are gone through by key (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await page.keyboard.press("l");
      await value(page, "lung-volume");
      await page.keyboard.press("k");
      await value(page, "lesion-volume");
      await page.click(id("propose-vessels"));
      await value(page, "vessel-volume");
      const [lungs, vessels] = [+(await data(page, "quantity-lung-volume")).value, +(await data(page, "quantity-vessel-volume")).value];
      assert.ok(vessels > 5 && vessels < lungs * 0.12, `${vessels} ml of vessels in ${lungs} ml of lung`);
      await page.click(id("propose-chest-wall"));
      await value(page, "fat-area");
      assert.equal((await data(page, "quantity-fat-area")).unit, "cm2");
      await page.locator("details summary").filter({ hasText: /one by one|une à une/ }).click();
      const items = () => all(page, "lesion-item");
      const before = await items();
      assert.ok(before.length >= 2 && before.every((item, n) => n === 0 || +item.ml <= +before[n - 1].ml));
      const slice = async () => (await data(page, "pane-axial")).slice;
      await page.keyboard.press(".");
      await page.waitForTimeout(500);
      const first = await slice();
      await page.keyboard.press(".");
      // The second lesion lies on another slice.
      await until(page, (first) => document.querySelector('[data-testid="pane-axial"]').dataset.slice !== first, first);
      await page.keyboard.press("Shift+J");
      await until(page, (n) => document.querySelectorAll('[data-testid="lesion-item"]').length === n, before.length - 1);
      await page.keyboard.press("Control+z");
      await until(page, (n) => document.querySelectorAll('[data-testid="lesion-item"]').length === n, before.length);
      await page.click(id("lesion-item"));
      await page.keyboard.press("Shift+Q");
      await until(page, () => document.querySelector('[data-testid="lesion-item"]').dataset.accepted === "true");
      for (const group of await page.locator(".column.right details:not([open]) > summary").all()) {
        if (await group.isVisible()) await group.click();
      }
      await page.screenshot({ path: path.join(out, `numbers-${lang}.png`) });
      await page.click(id("propose-calcium"));
      await until(page, () => document.querySelector('[data-testid="notice"]').textContent.length > 0);
      await page.keyboard.press("Shift+P");
      await page.waitForSelector(id("report-sheet"));
      assert.match(await page.locator(id("report-sheet")).textContent(), lang === "en" ? /voxel volume/ : /volume du voxel/);
      await page.screenshot({ path: path.join(out, `numbers-report-${lang}.png`) });
      assert.deepEqual(troubles, []);
    });
  });
}
