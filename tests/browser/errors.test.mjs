// Bad input is named with its reason and stops nothing; loading can be watched and cancelled.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, id, openFiles, root, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
let slices;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-errors-"));
  execFileSync("cargo", ["run", "--quiet", "--example", "fixtures", "--", folder], { cwd: root });
  slices = fs.readdirSync(folder).sort().map((f) => path.join(folder, f));
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

test("files that are not DICOM, empty or cut are listed and the rest opens", async () => {
  const [text, empty, cut] = ["notes.txt", "empty.dcm", "cut.dcm"].map((f) => path.join(folder, f));
  fs.writeFileSync(text, "<b>no DICOM</b> <script>alert(1)</script>");
  fs.writeFileSync(empty, "");
  fs.writeFileSync(cut, fs.readFileSync(slices[5]).subarray(0, 60_000));
  const good = slices.filter((_, n) => n !== 5);
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, [text, ...good, empty, cut]), "ready");
    const problems = (await all(page, "error-item")).map((e) => e.text);
    for (const name of ["notes.txt", "empty.dcm", "cut.dcm"]) {
      assert.equal(problems.filter((p) => p.includes(name)).length, 1, `${name} in ${JSON.stringify(problems)}`);
    }
    const status = await data(page, "status");
    assert.equal(+status.loaded, good.length);
    assert.equal(+status.total, slices.length, "the slice that could not be decoded is missing, not squeezed out");
    assert.equal((await all(page, "series-item")).length, 1);
  });
});

test("nothing to open is said", async () => {
  const text = path.join(folder, "only.txt");
  fs.writeFileSync(text, "no DICOM");
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, [text]), "error");
    assert.match(await page.locator(id("notice")).innerText(), /No CT series/);
  });
});

test("a missing slice is reported and stays empty", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, slices.filter((_, n) => n !== 40)), "ready");
    assert.match((await all(page, "geometry-item")).map((g) => g.text).join(), /1 slices are missing/);
  });
});

test("loading marks its milestones, and cancelling leaves the page usable", async (t) => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    await page.evaluate(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
    });
    await openFiles(page, slices);
    await until(page, () => performance.getEntriesByName("hilum:mpr").length === 1);
    const told = await page.evaluate(() => ({
      marks: performance.getEntriesByType("mark").map((m) => `${m.name} ${Math.round(m.startTime)}`),
      longTasks: window.longTasks,
    }));
    t.diagnostic(`marks: ${told.marks.join(", ")}; tasks over 50 ms: ${told.longTasks.length}, longest ${Math.max(0, ...told.longTasks).toFixed(0)} ms`);
    const names = told.marks.map((m) => m.split(" ")[0]);
    assert.deepEqual(["hilum:files", "hilum:first-image", "hilum:volume", "hilum:mpr"].filter((m) => !names.includes(m)), []);
  });
  await withPage(`${site.address}?lang=en`, async (page) => {
    await page.setInputFiles(id("open-files"), slices);
    await page.evaluate(() => document.querySelector('[data-testid="cancel-loading"]').click());
    await until(page, () => document.querySelector('[data-testid="status"]').dataset.state !== "loading");
    await page.reload();
    assert.equal(await openFiles(page, slices), "ready");
  });
});
