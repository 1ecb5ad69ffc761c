// Contours as a reader draws them: along edges, as a curve that is dragged, a border pushed, a threshold in an outline, slices filled.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import path from "node:path";
import { all, data, demonstrationFiles, id, loop, openFiles, out, segments, until, withPage } from "./page.mjs";
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

const voxels = async (page) => (await segments(page))[0].voxels;
const more = (page, than) => until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > n, than);
const less = (page, than) => until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels < n, than);

/// The demonstration's ground glass in one large pane: its middle and the px of a mm.
async function atLesion(page) {
  assert.equal(await openFiles(page, demonstration.slices), "ready");
  await page.selectOption(id("segment-meaning"), { index: 1 });
  await page.click(id("add-segment"));
  await page.keyboard.press("6");
  const pane = page.locator(id("pane-axial"));
  await until(page, () => document.querySelector('[data-testid="pane-axial"]').getBoundingClientRect().width > 600);
  const box = await pane.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let n = Number(await pane.getAttribute("data-slice")); n < 69; n++) await page.keyboard.press("ArrowUp");
  const scale = Math.min(box.width, box.height) / (256 * 1.4);
  return { x: box.x + box.width / 2 - 78 * scale, y: box.y + box.height / 2 + 28 * scale, scale };
}

for (const lang of ["en", "fr"]) {
  test(`edges, a curve, a pushed border and filled slices (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page, { troubles }) => {
      const { x, y, scale } = await atLesion(page);
      // The lesion's axes in this slice are 19 and 17 mm: three clicks beside its border.
      const at = (degrees, mm = 0) => {
        const angle = (degrees / 180) * Math.PI;
        return [x + (19 + mm) * scale * Math.cos(angle), y + (17 + mm) * scale * Math.sin(angle)];
      };
      await page.click(id("contour-edges"));
      for (const degrees of [10, 130, 250]) await page.mouse.click(...at(degrees, 1));
      await page.mouse.move(...at(300, 1));
      await page.screenshot({ path: path.join(out, `contour-edges-${lang}.png`) });
      await page.keyboard.press("Enter");
      await more(page, 0);
      const exact = (Math.PI * 19 * 17) / 1.4 ** 2;
      const found = await voxels(page);
      assert.ok(Math.abs(found / exact - 1) < 0.15, `${found} of ${exact} voxels by three clicks`);
      await page.keyboard.press("Control+z");
      await less(page, 1);

      await page.click(id("contour-spline"));
      for (const degrees of [0, 72, 144, 216, 288]) await page.mouse.click(...at(degrees));
      await page.mouse.move(...at(0));
      await page.mouse.down();
      await page.mouse.move(...at(0, 6), { steps: 4 });
      await page.screenshot({ path: path.join(out, `contour-spline-${lang}.png`) });
      await page.mouse.up();
      assert.equal(await voxels(page), 0);
      await page.keyboard.press("Enter");
      await more(page, exact);
      const curve = await voxels(page);

      await page.click(id("tool-push"));
      await page.mouse.move(...at(180, -8));
      await page.mouse.down();
      await page.mouse.move(...at(180, 6), { steps: 8 });
      await page.screenshot({ path: path.join(out, `contour-push-${lang}.png`) });
      await page.mouse.up();
      await more(page, curve);
      await page.keyboard.press("Control+z");
      await until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === n, curve);

      for (let n = 0; n < 4; n++) await page.keyboard.press("ArrowUp");
      await page.click(id("contour-lines"));
      const box = await page.locator(id("pane-axial")).boundingBox();
      await loop(page, "pane-axial", [(x - box.x) / box.width, (y - box.y) / box.height], [14 * scale, 14 * scale]);
      await more(page, curve);
      const two = await voxels(page);
      await page.keyboard.press("i");
      await more(page, two);
      await page.screenshot({ path: path.join(out, `contour-filled-${lang}.png`) });
      await page.keyboard.press("Escape");
      await until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === n, two);
      await page.keyboard.press("i");
      await more(page, two);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.querySelector('[data-testid="region"]').hidden);

      await page.click(id("add-segment"));
      await page.keyboard.press("Alt+PageUp");
      await until(page, () => document.querySelector('[data-testid="segment-item"]').dataset.number === "2");
      await page.keyboard.press("Shift+V");
      await until(page, () => document.querySelector('[data-testid="segment-solo"]').getAttribute("aria-pressed") === "true");
      assert.match((await all(page, "segment-made"))[0].text, /\d\d:\d\d$/);
      await page.keyboard.press("Shift+V");
      assert.equal((await data(page, "status")).state, "ready");
      assert.deepEqual(troubles, []);
    });
  });
}

test("the wheel with Shift is the size of the brush, and the help says so", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    const { x, y } = await atLesion(page);
    await page.mouse.move(x, y);
    const seen = async () => [Number(await page.inputValue(id("brush-radius"))), (await data(page, "pane-axial")).slice];
    const before = await seen();
    await page.keyboard.down("Shift");
    for (const turn of [[0, -100], [-100, 0]]) await page.mouse.wheel(...turn);
    await page.keyboard.up("Shift");
    await until(page, (mm) => Number(document.querySelector('[data-testid="brush-radius"]').value) > mm * 1.5, before[0]);
    assert.equal((await seen())[1], before[1], "no slice was scrolled");
    await page.keyboard.press("?");
    await until(page, () => [...document.querySelectorAll("kbd")].some((k) => k.textContent === "Shift+wheel"));
  });
});
