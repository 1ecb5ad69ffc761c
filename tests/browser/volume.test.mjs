// The 3D pane on each back end: a click sets the crosshair, a cut and a crop by key and by button.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { data, drawn, id, openDemonstration, out, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => (site = await serve()));
after(() => site.close());

const pressed = (page, name, wanted) =>
  until(page, ([selector, state]) => document.querySelector(selector).getAttribute("aria-pressed") === state, [id(name), `${wanted}`]);

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`the 3D pane is clicked, cut and cropped (${gpu})`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      assert.equal(await page.evaluate(() => document.body.dataset.gpu), gpu);
      await page.selectOption(id("volume-style"), { label: "Skin" });
      await drawn(page, ["pane-volume"]);
      await page.screenshot({ path: path.join(out, `volume-${gpu}-skin.png`) });

      const before = +(await data(page, "pane-coronal")).slice;
      const box = await page.locator(id("pane-volume")).boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.click(x, y);
      await until(page, (k) => +document.querySelector('[data-testid="pane-coronal"]').dataset.slice !== k, before);
      const clicked = (await data(page, "pane-coronal")).slice;

      // The key does the same where the pointer is.
      await page.mouse.move(x, y);
      await page.keyboard.press("F2");
      assert.equal((await data(page, "pane-coronal")).slice, clicked);

      assert.ok(await page.locator(id("cut-deeper")).isDisabled());
      await page.keyboard.press("F7");
      await page.click(id("cut-next"));
      await pressed(page, "cut-next", true);
      for (let n = 0; n < 16; n++) await page.keyboard.press("F8");
      await page.click(id("cut-back"));
      await drawn(page, ["pane-volume"]);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: path.join(out, `volume-${gpu}-cut.png`) });
      // A press on a button is no click on the picture.
      assert.equal((await data(page, "pane-coronal")).slice, clicked);

      await page.keyboard.press("r");
      await pressed(page, "cut-next", false);
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      await page.selectOption(id("volume-style"), { label: "Lesions in the lungs" });
      await page.keyboard.press("F4");
      await pressed(page, "crop-to-lungs", true);
      await drawn(page, ["pane-volume"]);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: path.join(out, `volume-${gpu}-lesions.png`) });

      // The front of the chest goes, by hand; the box of the lungs went on from where it was.
      await page.keyboard.press("Shift+F4");
      await page.waitForSelector(id("clip-faces"));
      const faces = page.locator(id("clip-face"));
      assert.equal(await faces.count(), 6);
      assert.deepEqual(await page.locator(`${id("clip-faces")} b`).allTextContents(), ["R", "L", "A", "P", "F", "H"]);
      const cut = Number(await faces.nth(2).inputValue());
      assert.ok(cut > 0, `cropped to the lungs: ${cut} mm`);
      await faces.nth(2).focus();
      for (let n = 0; n < 12; n++) await page.keyboard.press("ArrowRight");
      assert.ok(Number(await faces.nth(2).inputValue()) > cut);
      await faces.nth(2).fill("110");
      await until(page, () => /1\d\d mm/.test(document.querySelectorAll('[data-testid="clip-faces"] output')[2].textContent));
      await drawn(page, ["pane-volume"]);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: path.join(out, `volume-${gpu}-box.png`) });
      await page.keyboard.press("Shift+F4");
      await page.waitForSelector(id("clip-faces"), { state: "detached" });
      assert.deepEqual(troubles, []);
    });
  });
}
