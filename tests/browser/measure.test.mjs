// Measurements as a reader makes them: dragged, clicked, corrected, found again after a reload.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import path from "node:path";
import { all, data, demonstrationFiles, id, openFiles, out, until, withPage } from "./page.mjs";
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

const drag = async (page, pane, ...points) => {
  const box = await page.locator(id(pane)).boundingBox();
  const at = ([x, y]) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 6 });
  await page.mouse.up();
};
const items = (page, n) => page.waitForFunction((n) => document.querySelectorAll('[data-testid="measurement-item"]').length === n, n);

for (const lang of ["en", "fr"]) {
  test(`each kind is drawn and gives its numbers (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page, { troubles }) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.keyboard.press("Shift+L");
      await drag(page, "pane-axial", [0.3, 0.3], [0.3, 0.5]);
      await items(page, 1);
      await page.keyboard.press("Shift+B");
      await drag(page, "pane-axial", [0.55, 0.25], [0.75, 0.25]);
      await items(page, 2);
      await page.keyboard.press("Shift+A");
      await drag(page, "pane-coronal", [0.3, 0.7], [0.5, 0.7]);
      await drag(page, "pane-coronal", [0.5, 0.4]);
      await items(page, 3);
      await page.keyboard.press("Shift+E");
      await drag(page, "pane-axial", [0.6, 0.45], [0.7, 0.55]);
      await items(page, 4);
      await page.keyboard.press("Shift+F");
      await drag(page, "pane-sagittal", [0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]);
      await items(page, 5);
      await page.click(id("measure-menu"));
      await page.click(id("tool-arrow"));
      await page.keyboard.press("Escape");
      await drag(page, "pane-axial", [0.2, 0.75], [0.3, 0.8]);
      await items(page, 6);
      // An arrow asks for its words, and keys are tools again once they are there.
      await until(page, () => document.activeElement === [...document.querySelectorAll('[data-testid="measurement-name"]')].at(-1));
      await page.keyboard.type("see here");
      await page.keyboard.press("Enter");
      await until(page, () => document.activeElement.tagName !== "INPUT");
      const rows = await all(page, "measurement-item");
      assert.deepEqual(rows.map((r) => [r.kind, r.unit]), [
        ["length", "mm"], ["bidirectional", "mm"], ["angle", "deg"], ["ellipse", "mm2"], ["freehand", "mm2"], ["arrow", ""],
      ]);
      // The pane's own scale says what a fifth of its height is.
      const box = await page.locator(id("pane-axial")).boundingBox();
      const scale = await page.evaluate(() => {
        const bar = document.querySelector('[data-testid="pane-axial"] .scale');
        return [bar.querySelector(".bar").getBoundingClientRect().width, bar.textContent];
      });
      const mm = parseFloat(scale[1].replace(",", ".")) * (scale[1].includes("cm") ? 10 : 1);
      const expected = ((box.height * 0.2) / scale[0]) * mm;
      assert.ok(Math.abs(Number(rows[0].value) / expected - 1) < 0.02, `${rows[0].value} ${expected}`);
      assert.ok(Math.abs(Number(rows[2].value) - 90) < 1.5, rows[2].value);
      await until(page, () => document.querySelector('[data-testid="pane-axial"]').textContent.includes("see here"));
      await page.screenshot({ path: path.join(out, `measurements-${lang}.png`) });
      assert.deepEqual(troubles, []);
    });
  });
}

test("an end is pulled, undone, and found again after a reload", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, demonstration.slices), "ready");
    await page.keyboard.press("Shift+L");
    await drag(page, "pane-axial", [0.3, 0.3], [0.3, 0.5]);
    await items(page, 1);
    const [first] = await all(page, "measurement-item");
    await page.keyboard.press("n");
    await drag(page, "pane-axial", [0.3, 0.5], [0.3, 0.7]);
    await page.waitForFunction((v) => document.querySelector('[data-testid="measurement-item"]').dataset.value !== v, first.value);
    const [pulled] = await all(page, "measurement-item");
    assert.ok(Math.abs(pulled.value / first.value - 2) < 0.02, `${first.value} ${pulled.value}`);
    await page.keyboard.press("Control+z");
    await page.waitForFunction((v) => document.querySelector('[data-testid="measurement-item"]').dataset.value === v, first.value);
    // Off its slice it is gone from the pane, and the list leads back.
    await page.locator(id("pane-axial")).hover();
    await page.keyboard.press("PageUp");
    await until(page, () => !document.querySelector('[data-testid="pane-axial"] [data-testid="measurement"]'));
    await page.click(id("measurement-select"));
    await until(page, () => document.querySelector('[data-testid="pane-axial"] [data-testid="measurement"]'));
    await until(page, () => document.querySelector('[data-testid="autosave"]').dataset.state === "saved");
    await page.reload();
    assert.equal(await openFiles(page, demonstration.slices), "ready");
    await page.click(id("restore-accept"));
    await items(page, 1);
    assert.equal((await data(page, "measurement-item")).value, first.value);
    await page.keyboard.press("Control+Shift+z");
    await page.waitForFunction((v) => document.querySelector('[data-testid="measurement-item"]').dataset.value === v, pulled.value);
    await page.click(id("measurement-delete"));
    await items(page, 0);
  });
});
