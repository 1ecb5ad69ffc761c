// Planes that turn, layouts, windows, cine and the toolbar, by mouse and key, in both languages.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { PANES, apart, data, drag, drawn, id, onScreen, openDemonstration, out, overprinted, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => (site = await serve()));
after(() => site.close());

const hover = async (page, pane, x = 0.3, y = 0.3) => {
  const box = await page.locator(id(pane)).boundingBox();
  await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
};
const shot = (page, name) => page.screenshot({ path: path.join(out, `${name}.png`) });
const visible = (page) =>
  page.evaluate(
    (panes) => panes.filter((p) => document.querySelector(`[data-testid="${p}"]`).getBoundingClientRect().width > 0),
    PANES,
  );

test("the toolbar is one row at 1366 px in both languages", async () => {
  for (const lang of ["en", "fr"]) {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      for (const [width, height] of [[1366, 768], [1920, 1080]]) {
        await page.setViewportSize({ width, height });
        assert.equal(await openDemonstration(page), "ready");
        await drawn(page, PANES);
        const bar = await page.locator(".toolbar").boundingBox();
        assert.ok(bar.height < 46, `${lang} ${width}: ${bar.height} px`);
        const over = await page.evaluate(() => {
          const bar = document.querySelector(".toolbar");
          return bar.scrollWidth - bar.clientWidth;
        });
        assert.ok(over <= 0, `${lang} ${width}: nothing sticks out`);
        await shot(page, `looking-${lang}-${width}`);
      }
      for (const menu of ["window-menu", "picture-menu", "layout-menu", "cine-menu"]) {
        await page.click(id(menu));
        await shot(page, `looking-${lang}-${menu}`);
      }
      assert.equal(await page.locator("details[open]").count(), 1, "one menu at a time");
      await page.keyboard.press("Escape");
      assert.equal(await page.locator("details[open]").count(), 0);
    });
  }
});

test("in a small window menus stay inside and no words stand on others", async () => {
  for (const lang of ["en", "fr"]) {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      await page.setViewportSize({ width: 1100, height: 750 });
      assert.equal(await openDemonstration(page), "ready");
      await drawn(page, PANES);
      for (const menu of ["region-menu", "measure-menu", "window-menu", "picture-menu", "layout-menu", "cine-menu"]) {
        await page.click(id(menu));
        const sheet = await page.locator("details[open] > .sheet").boundingBox();
        assert.ok(sheet.x >= 0 && sheet.x + sheet.width <= 1100, `${lang} ${menu}: ${JSON.stringify(sheet)}`);
        await page.keyboard.press("Escape");
      }
      assert.deepEqual(await overprinted(page), []);

      // What stands beside a line that ends at the right edge.
      await page.evaluate((tool) => document.querySelector(tool).click(), id("tool-length"));
      await drag(page, "pane-axial", [0.5, 0.5], [0.97, 0.6]);
      await page.waitForSelector(".measurement text");
      const words = await page.locator(".measurement text").boundingBox();
      const pane = await page.locator(id("pane-axial")).boundingBox();
      assert.ok(words.x + words.width <= pane.x + pane.width, `${lang}: ${words.x + words.width} is past ${pane.x + pane.width}`);

      await page.locator(id("form")).first().click();
      await until(page, () => document.querySelector('[data-testid="pane-axial"]').getBoundingClientRect().width < 260);
      await onScreen(page);
      assert.deepEqual(await overprinted(page), []);
      await shot(page, `looking-${lang}-small`);
      await page.keyboard.press("Escape");
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      await page.click(id("report"));
      await page.waitForSelector(id("report-sheet"));
      const report = await page.locator(".report").boundingBox();
      assert.ok(report.x >= 0 && report.x + report.width <= 1100, `${lang}: ${JSON.stringify(report)}`);
      await shot(page, `looking-${lang}-report`);
    });
  }
});

test("a line turns the planes by mouse and key, and they come back", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openDemonstration(page), "ready");
    await drag(page, "pane-axial", [0.9, 0.5], [0.86, 0.72]);
    await until(page, () => document.querySelector('[data-testid="pane-coronal"]').dataset.oblique === "true");
    assert.equal((await data(page, "pane-axial")).oblique, "false");
    await hover(page, "pane-sagittal");
    for (let n = 0; n < 4; n++) await page.keyboard.press("Alt+ArrowRight");
    await until(page, () => document.querySelector('[data-testid="pane-axial"]').dataset.oblique === "true");
    await page.keyboard.press("t");
    await drawn(page, PANES);
    await shot(page, "looking-oblique");
    await page.keyboard.press("a");
    await until(page, () => [..."axial coronal sagittal".split(" ")].every((p) => document.querySelector(`[data-testid="pane-${p}"]`).dataset.oblique === "false"));
    assert.deepEqual(troubles, []);
  });
});

// What was asked for is drawn once the picture stays the same.
const settled = async (page, clip) => {
  await onScreen(page);
  let before = await page.screenshot({ clip });
  let far;
  for (let n = 0; n < 40; n++) {
    const now = await page.screenshot({ clip });
    far = await apart(page, before, now);
    // The browser itself puts some px a level off at times.
    if (far.levels < 0.01) return now;
    before = now;
  }
  throw new Error(`the picture does not settle: ${JSON.stringify(far)}`);
};

test("slices look the same whatever draws them, in each way they can be drawn", async () => {
  const pictures = {};
  for (const gpu of ["cpu", "webgpu", "webgl2"]) {
    pictures[gpu] = {};
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      assert.equal(await page.evaluate(() => document.body.dataset.gpu), gpu);
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      await hover(page, "pane-coronal");
      await page.keyboard.press("7");
      await until(page, () => document.querySelector("main.panes").classList.contains("layout-1x2"));
      assert.deepEqual(await visible(page), ["pane-axial", "pane-coronal"]);
      const boxes = await Promise.all(["pane-axial", "pane-coronal"].map((pane) => page.locator(id(pane)).boundingBox()));
      const [left, right] = boxes.map((b) => [b.x, b.x + b.width]).flat().sort((a, b) => a - b).filter((_, n) => n % 3 === 0);
      // Neither the writing above nor that below.
      const clip = { x: left, width: right - left, y: boxes[0].y + boxes[0].height * 0.2, height: boxes[0].height * 0.6 };
      await hover(page, "pane-coronal");
      const look = async (way, ...keys) => {
        for (const key of keys) await page.keyboard.press(key);
        pictures[gpu][way] = await settled(page, clip);
        await shot(page, `looking-${gpu}-${way}`);
      };
      await look("linear");
      await look("cubic", "s");
      await look("nearest", "y");
      await look("compartments", "y", "f");
      await look("highest", "f", "t");
      await look("lowest", "t");
      await look("mean", "t");
      await look("oblique", "t", ...Array(4).fill("Alt+ArrowRight"));
      await look("oblique-highest", "t");
      await page.click(id("window-menu"));
      await page.selectOption(id("window-function"), "SIGMOID");
      await page.click(id("window-menu"));
      await hover(page, "pane-coronal");
      await look("sigmoid", "a", "t", "t", "t");
      assert.deepEqual(troubles, []);
    });
  }
  await withPage(`${site.address}?lang=en`, async (page) => {
    const ways = Object.keys(pictures.cpu);
    for (const gpu of ["webgpu", "webgl2"]) {
      for (const way of ways) {
        const { levels, far } = await apart(page, pictures.cpu[way], pictures[gpu][way]);
        console.log(`${way} on ${gpu}: ${levels.toFixed(2)} levels apart, ${(far * 100).toFixed(2)} % of px by more than 8`);
        assert.ok(levels < 0.1 && far < 0.002, `${way} on ${gpu}`);
      }
    }
    // So far apart that none of them, a tenth of a level off, is another under its name.
    for (const [n, way] of ways.entries()) {
      for (const other of ways.slice(n + 1)) {
        const { levels } = await apart(page, pictures.cpu[way], pictures.cpu[other]);
        assert.ok(levels > 0.5, `${way} and ${other}: ${levels}`);
      }
    }
  });
});

test("layouts, double click, windows, cine, flips and colours", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openDemonstration(page), "ready");
    const layouts = {
      "layout-1x1": 1,
      "layout-1x2": 2,
      "layout-1-3": 4,
      "layout-3d": 4,
      "layout-2x2": 4,
    };
    for (const [layout, count] of Object.entries(layouts)) {
      await page.click(id("layout-menu"));
      await page.click(id(layout));
      await page.click(id("layout-menu"));
      await until(page, (name) => document.querySelector("main.panes").classList.contains(name), layout);
      const panes = await visible(page);
      assert.equal(panes.length, count, layout);
      await drawn(page, panes);
      await shot(page, `looking-${layout}`);
    }
    await page.locator(id("pane-sagittal")).dblclick({ position: { x: 40, y: 60 } });
    await until(page, () => document.querySelector("main.panes").classList.contains("layout-1x1"));
    assert.deepEqual(await visible(page), ["pane-sagittal"]);
    await page.locator(id("pane-sagittal")).dblclick({ position: { x: 40, y: 60 } });
    await until(page, () => document.querySelector("main.panes").classList.contains("layout-2x2"));

    // A window by numbers and function, in one pane alone.
    await page.keyboard.press("q");
    await page.locator(id("pane-coronal")).click({ position: { x: 30, y: 60 } });
    await page.click(id("window-menu"));
    await page.fill(id("window-width"), "777");
    await page.press(id("window-width"), "Enter");
    await page.selectOption(id("window-function"), "SIGMOID");
    await until(page, () => {
      const pane = document.querySelector('[data-testid="pane-coronal"]').dataset;
      return pane.width === "777" && pane.function === "SIGMOID";
    });
    assert.notEqual((await data(page, "pane-axial")).width, "777");
    await page.click(id("window-menu"));

    // Cine shows one slice after another.
    await page.locator(id("pane-axial")).click({ position: { x: 100, y: 100 } });
    await page.evaluate(() => {
      window.seen = [];
      const pane = document.querySelector('[data-testid="pane-axial"]');
      new MutationObserver(() => window.seen.push(+pane.dataset.slice)).observe(pane, { attributeFilter: ["data-slice"] });
    });
    await page.keyboard.press(" ");
    await until(page, () => window.seen.length > 12);
    await page.keyboard.press(" ");
    const seen = await page.evaluate(() => window.seen);
    assert.ok(seen.every((k, n) => n === 0 || Math.abs(k - seen[n - 1]) === 1), `none left out: ${seen}`);

    await page.keyboard.press("h");
    await until(page, () => document.querySelector('[data-testid="pane-axial"] .letter.left').textContent === "L");
    await page.keyboard.press("h");
    await page.keyboard.press("1");
    await page.click(id("propose-lungs"));
    await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
    await hover(page, "pane-axial");
    await page.keyboard.press("f");
    await page.keyboard.press("s");
    await page.waitForSelector(id("compartments-legend"));
    await drawn(page, PANES);
    await shot(page, "looking-compartments");
    assert.deepEqual(troubles, []);
  });
});
