// A CT longer than the GPU's textures is offered in part, by mouse and by keyboard; a series of two stacks lets one choose.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { PANES, all, data, drawn, id, openFiles, out, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

// SwiftShader's 3D textures end at 2048.
const SLICES = 2200;

let site;
let folder;
let long;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-preflight-"));
  long = writeSeries(folder, { slices: SLICES, size: 16, study: 41 });
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

const shown = (page) => until(page, () => !document.querySelector('[data-testid="preflight"]').hidden);
const loaded = (page, n) =>
  until(page, (n) => {
    const { state, loaded, total } = document.querySelector('[data-testid="status"]').dataset;
    return state === "ready" && +loaded === n && +total === n;
  }, n);

test("what is longer than a texture is offered in part, and what is open stays", async (t) => {
  await withPage(`${site.address}?lang=en&gpu=webgpu`, async (page, { troubles }) => {
    const small = writeSeries(folder, { slices: 20, size: 16, study: 42 });
    await openFiles(page, small);
    await loaded(page, 20);
    await page.setInputFiles(id("open-files"), long);
    await shown(page);
    const about = await page.textContent(id("preflight-about"));
    assert.match(about, /2200 slices of 16 × 16 pixels, 1\.13 MB\. The GPU here holds 2048 slices/);
    assert.equal((await data(page, "status")).total, "20");
    await page.screenshot({ path: path.join(out, "preflight-en.png") });

    // Escape leaves everything as it was; the series in the list asks again.
    await page.keyboard.press("Escape");
    await until(page, () => document.querySelector('[data-testid="preflight"]').hidden);
    assert.equal((await data(page, "status")).total, "20");
    await page.locator(`${id("series-item")}[data-instances="${SLICES}"]`).click();
    await shown(page);

    // The first choice is where the keyboard is.
    await until(page, () => document.activeElement?.dataset.testid === "preflight-every-second");
    assert.equal((await data(page, "preflight-every-second")).every, "2");
    await page.keyboard.press("Enter");
    await loaded(page, SLICES / 2);
    // The 3D picture of a stick is too thin to be told from nothing.
    await drawn(page, PANES.slice(0, 3));
    const odd = (await all(page, "geometry-item")).map((g) => g.text);
    assert.ok(odd.some((text) => text.includes("only one slice in 2 is open (1100 of 2200), 2.00 mm apart")), odd.join("; "));
    assert.equal((await data(page, "pane-axial")).slices, "1100");
    assert.notEqual(await page.evaluate(() => document.body.dataset.gpu), "cpu");
    await page.screenshot({ path: path.join(out, "preflight-thinned.png") });

    // Asked again, the slab: to its end by keyboard.
    await page.locator(`${id("series-item")}[data-instances="${SLICES}"]`).click();
    await shown(page);
    await until(page, () => document.activeElement?.dataset.testid === "preflight-every-second");
    await page.focus(id("preflight-centre"));
    await page.keyboard.press("End");
    await until(page, () => document.querySelector('[data-testid="preflight-slab"]').textContent.startsWith("Slices 153 to 2200"));
    await page.focus(id("preflight-slab"));
    await page.keyboard.press("Enter");
    await loaded(page, 2048);
    await drawn(page, PANES.slice(0, 3));
    assert.equal((await data(page, "pane-axial")).slices, "2048");
    t.diagnostic(`on ${await page.evaluate(() => document.body.dataset.gpu)}`);
    assert.deepEqual(troubles, []);
  });
});

test("the offer speaks French", async () => {
  await withPage(`${site.address}?lang=fr&gpu=webgpu`, async (page, { troubles }) => {
    await page.setInputFiles(id("open-files"), long);
    await shown(page);
    assert.match(await page.textContent(id("preflight-every-second")), /^Une coupe sur 2 : 1100 coupes, tous les 2,00 mm/);
    await page.screenshot({ path: path.join(out, "preflight-fr.png") });
    await page.click(id("preflight-cancel"));
    await until(page, () => document.querySelector('[data-testid="preflight"]').hidden);
    assert.equal((await data(page, "status")).state, "idle");
    assert.deepEqual(troubles, []);
  });
});

test("of a series with two kernels the second stack is chosen", async () => {
  const soft = writeSeries(folder, { slices: 24, size: 32, study: 43, kernel: "B30f" });
  const sharp = writeSeries(folder, { slices: 12, size: 32, study: 43, kernel: "B70f", first: 100 });
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await openFiles(page, [...soft, ...sharp]);
    await loaded(page, 24);
    assert.deepEqual(
      (await all(page, "stack-item")).map(({ stack, instances, text }) => [stack, instances, text]),
      [["0", "24", "kernel B30f · 24 images"], ["1", "12", "kernel B70f · 12 images"]],
    );
    await page.screenshot({ path: path.join(out, "stacks.png") });
    await page.locator(id("stack-item")).nth(1).click();
    await loaded(page, 12);
    assert.equal((await data(page, "pane-axial")).slices, "12");
    const odd = (await all(page, "geometry-item")).map((g) => g.text);
    assert.ok(odd.some((text) => text.includes("24 images of the series are in 1 other stack")), odd.join("; "));
    await page.locator(id("stack-item")).first().focus();
    await page.keyboard.press("Enter");
    await loaded(page, 24);
    assert.deepEqual(troubles, []);
  });
});
