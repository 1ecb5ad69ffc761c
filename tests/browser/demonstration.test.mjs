// The built-in phantom through the whole page: look, mark, propose, undo, both languages, each back end.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { PANES, all, data, drag, drawn, id, loop, openDemonstration as openIt, out, segments, until, wheel, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => (site = await serve()));
after(() => site.close());

const openDemonstration = async (page) => assert.equal(await openIt(page), "ready");

test("the demonstration is shown, windowed, scrolled and marked with undo", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await openDemonstration(page);
    // A GPU that the processor simulates is not used unless it is asked for.
    assert.equal(await page.evaluate(() => document.body.dataset.gpu), "cpu");
    await drawn(page, PANES);

    const windows = { 1: [-600, 1500], 2: [40, 350], 3: [350, 2000], 4: [40, 400], 5: [-900, 600] };
    for (const [key, [centre, width]] of Object.entries(windows)) {
      await page.keyboard.press(key);
      await until(page, ([c, w]) => {
        const pane = document.querySelector('[data-testid="pane-axial"]').dataset;
        return +pane.center === c && +pane.width === w;
      }, [centre, width]);
    }
    await page.keyboard.press("0");
    await until(page, () => document.querySelector('[data-testid="pane-axial"]').dataset.width !== "600");
    await page.keyboard.press("1");

    const before = +(await data(page, "pane-axial")).slice;
    await wheel(page, "pane-axial", -3);
    await until(page, (k) => +document.querySelector('[data-testid="pane-axial"]').dataset.slice === k, before + 3);
    await page.keyboard.press("ArrowDown");
    await until(page, (k) => +document.querySelector('[data-testid="pane-axial"]').dataset.slice === k, before + 2);

    const box = await page.locator(id("pane-axial")).boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await until(page, () => document.querySelector('[data-testid="probe"]').dataset.hu !== undefined);

    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
    const painted = (await segments(page))[0];
    await page.keyboard.press("Control+z");
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === 0);
    await page.keyboard.press("Control+y");
    await until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === n, painted.voxels);

    await page.click(id("tool-eraser"));
    await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === 0);
    await page.keyboard.press("Control+z");

    // A contour in a coronal pane fills one layer there; Escape gives a stroke up.
    await page.click(id("tool-contour"));
    await loop(page, "pane-coronal", [0.3, 0.5], [20, 16]);
    await until(page, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > n, painted.voxels);
    await drawn(page, PANES);
    await page.screenshot({ path: path.join(out, "demonstration-marked.png") });
    assert.deepEqual(troubles, []);
  });
});

test("lungs and lesions are proposed, and involvement follows", async () => {
  await withPage(`${site.address}?lang=fr`, async (page, { troubles }) => {
    await openDemonstration(page);
    await page.click(id("propose-lungs"));
    await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
    const lungs = (await segments(page)).filter((s) => s.ml > 500);
    assert.equal(lungs.length, 2, "two lungs");
    for (const lung of lungs) assert.ok(lung.ml < 4000 && +lung.mean < -600, JSON.stringify(lung));
    await page.click(id("propose-lesions"));
    await until(page, () => +(document.querySelector('[data-testid="quantity-involvement"]').dataset.value ?? 0) > 0);
    const involvement = await data(page, "quantity-involvement");
    assert.equal(involvement.unit, "%");
    assert.ok(+involvement.value < 20, `${involvement.value} % of a phantom with two lesions`);
    await drawn(page, PANES);
    await page.screenshot({ path: path.join(out, "demonstration-fr.png") });
    for (let n = 0; n < 2; n++) await page.keyboard.press("Control+z");
    await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 0);
    assert.deepEqual(troubles, []);
  });
});

test("French and English change at a click and are remembered", async () => {
  await withPage(site.address, async (page) => {
    assert.equal(await page.evaluate(() => document.body.dataset.lang), "en", "the browser's language");
    await page.click(id("lang-fr"));
    await until(page, () => document.body.dataset.lang === "fr" && document.documentElement.lang === "fr");
    assert.match(await page.locator("body").innerText(), /Aucun scanner ouvert/);
    await page.reload();
    await until(page, () => document.body.dataset.lang === "fr");
    await page.click(id("lang-en"));
    await until(page, () => document.body.dataset.lang === "en" && document.documentElement.lang === "en");
    assert.match(await page.locator("body").innerText(), /No CT open/);
  });
});

for (const gpu of ["webgpu", "webgl2"]) {
  test(`a GPU that is asked for draws all panes (${gpu})`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      await openDemonstration(page);
      assert.equal(await page.evaluate(() => document.body.dataset.gpu), gpu);
      await drawn(page, PANES);
      await page.click(id("add-segment"));
      await page.click(id("tool-brush"));
      await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
      await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
      await page.screenshot({ path: path.join(out, `demonstration-${gpu}.png`) });
      assert.deepEqual(troubles, []);
    });
  });
}

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`nothing opened is no error, drawn by ${gpu}`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page) => {
      // What the page has to say of its drawing, it says within this time.
      await page.waitForTimeout(2000);
      assert.equal((await data(page, "status")).state, "idle", await page.locator(id("notice")).innerText());
    });
  });
}

test("all the help there is can be reached by the keyboard", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    await page.keyboard.press("?");
    await page.waitForSelector(`${id("help-close")}:visible`);
    assert.match(await page.locator(".dialog:visible").innerText(), /Undo/);
    await page.keyboard.press("?");
    await page.waitForSelector(id("help-close"), { state: "hidden" });
    assert.equal((await all(page, "error-item")).length, 0);
  });
});
