// Regions as a reader finds them: one click, a correction, accepted; a refinement; the page free meanwhile.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import path from "node:path";
import { all, demonstrationFiles, id, openFiles, out, withPage } from "./page.mjs";
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

const ml = async (page) => Number((await all(page, "segment-item"))[0].ml);
const shown = (page) => page.waitForFunction(() => {
  const region = document.querySelector('[data-testid="region"]');
  return region && !region.hidden && /HU|UH/.test(region.textContent);
});
const gone = (page) => page.waitForFunction(() => document.querySelector('[data-testid="region"]').hidden);

for (const lang of ["en", "fr"]) {
  test(`a lesion in one click, corrected, accepted, refined and undone (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.selectOption(id("segment-meaning"), { index: 1 });
      await page.click(id("add-segment"));
      // The ground glass of the demonstration: slice 69, a little below and left of the middle of the picture.
      await page.keyboard.press("8");
      const pane = page.locator(id("pane-axial"));
      const box = await pane.boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const slice = Number(await pane.getAttribute("data-slice"));
      for (let n = slice; n < 69; n++) await page.keyboard.press("ArrowUp");
      const scale = Math.min(box.width, box.height) / (256 * 1.4);
      const at = [box.x + box.width / 2 - 78 * scale, box.y + box.height / 2 + 28 * scale];
      await page.keyboard.press("Shift+O");
      await page.mouse.click(...at);
      await shown(page);
      const one = await ml(page);
      // 4/3 π · 19 · 17 · 20 mm³
      assert.ok(Math.abs(one / 27.06 - 1) < 0.15, `${one} ml in one click`);
      await page.screenshot({ path: path.join(out, `region-${lang}.png`) });
      await page.keyboard.press("]");
      await page.waitForFunction((one) => Number(document.querySelector('[data-testid="segment-item"]').dataset.ml) > one, one);
      await page.keyboard.press("[");
      await page.waitForFunction((one) => Number(document.querySelector('[data-testid="segment-item"]').dataset.ml) === one, one);
      await page.keyboard.press("Enter");
      await gone(page);
      assert.equal(await ml(page), one);
      await page.click(id("refine-menu"));
      await page.screenshot({ path: path.join(out, `refine-${lang}.png`) });
      await page.click(id("refine-grow"));
      await page.waitForFunction((one) => Number(document.querySelector('[data-testid="segment-item"]').dataset.ml) > 1.2 * one, one);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+z");
      await page.waitForFunction((one) => Number(document.querySelector('[data-testid="segment-item"]').dataset.ml) === one, one);
      await page.keyboard.press("Control+z");
      await page.waitForFunction(() => Number(document.querySelector('[data-testid="segment-item"]').dataset.ml) === 0);
    });
  });
}
