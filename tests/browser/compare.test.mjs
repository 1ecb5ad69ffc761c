// Two CTs beside each other: both halves are drawn on each back end, go along with one hand, and come back after the GPU was lost.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, drawn, id, onScreen, openDemonstration, openFiles, out, overprinted, readPicture, until, wheel, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
let ball;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-compare-"));
  ball = writeSeries(folder, { slices: 80, size: 128, study: 5, description: "CHEST 1.0 B70f" });
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/// Share of px that are not black in the left and in the right half of a pane, its writing left out.
const halves = async (page, pane) => {
  const box = await page.locator(id(pane)).boundingBox();
  const half = async (from) => {
    const clip = { x: box.x + box.width * (from + 0.12), y: box.y + box.height * 0.3, width: box.width * 0.26, height: box.height * 0.4 };
    const { width, height, bright } = await readPicture(page, await page.screenshot({ clip }));
    return bright / (width * height);
  };
  return [await half(0), await half(0.5)];
};
const bothDrawn = async (page, pane) => {
  let seen = [0, 0];
  for (let n = 0; n < 60 && !seen.every((share) => share > 0.05); n++) {
    if (n > 0) await page.waitForTimeout(500);
    seen = await halves(page, pane);
  }
  assert.ok(seen.every((share) => share > 0.05), `${pane}: ${seen}`);
};

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`a second CT is shown beside the open one (${gpu})`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openFiles(page, ball), "ready");
      assert.equal(await openDemonstration(page), "ready");
      await page.keyboard.press("2");
      await drawn(page, ["pane-axial"]);
      assert.equal((await all(page, "beside")).length, 0);
      await page.locator(`${id("compare-series")}:visible`).click();
      await until(page, () => document.querySelectorAll('[data-testid="beside"]').length === 3);
      for (const pane of ["pane-axial", "pane-coronal", "pane-sagittal"]) await bothDrawn(page, pane);
      assert.match((await all(page, "beside"))[0].text, /Another patient|Aligned by centres/);
      for (const [width, height] of [[1100, 750], [1400, 900]]) {
        await page.setViewportSize({ width, height });
        await onScreen(page);
        assert.deepEqual(await overprinted(page), [], `${width} × ${height}`);
      }
      await page.screenshot({ path: path.join(out, `compare-${gpu}.png`) });

      const beside = () => page.evaluate(() => +document.querySelector('[data-testid="beside"]').dataset.slice);
      const before = await beside();
      await wheel(page, "pane-axial", -4);
      await until(page, (k) => +document.querySelector('[data-testid="beside"]').dataset.slice !== k, before);
      await bothDrawn(page, "pane-axial");
      // By key, the other alone.
      const linked = await beside();
      const own = await page.locator(id("pane-axial")).getAttribute("data-slice");
      await page.keyboard.press("Alt+ArrowUp");
      await until(page, (k) => +document.querySelector('[data-testid="beside"]').dataset.slice === k, linked + 1);
      assert.equal(await page.locator(id("pane-axial")).getAttribute("data-slice"), own);

      if (gpu === "webgl2") {
        await page.evaluate(() => document.querySelector(".picture canvas").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext());
        await until(page, () => /GPU was lost/.test(document.querySelector('[data-testid="notice"]').innerText));
        await until(page, () => document.body.dataset.gpu === "webgl2");
        await bothDrawn(page, "pane-axial");
      }
      await page.keyboard.press("6");
      await bothDrawn(page, "pane-axial");
      await page.screenshot({ path: path.join(out, `compare-one-${gpu}.png`) });
      await page.keyboard.press("Shift+Z");
      await until(page, () => document.querySelectorAll('[data-testid="beside"]').length === 0);
      await drawn(page, ["pane-axial"]);
      assert.deepEqual(troubles, []);
    });
  });
}
