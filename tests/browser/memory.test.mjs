// Memory: many CTs one after another, and a very large one.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, held, openFiles, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-memory-"));
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const shown = (page, study) =>
  until(page, (uid) => {
    const status = document.querySelector('[data-testid="status"]').dataset;
    const open = document.querySelector(`[data-series-uid="${uid}"]`);
    return status.state === "ready" && open && performance.getEntriesByName("hilum:mpr").length === 1;
  }, `2.25.990${study}.1`);

test("a CT takes little more memory than its voxels", async (t) => {
  const slices = 300;
  const files = writeSeries(folder, { slices, size: 512, study: 98 });
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    const inspector = await page.context().newCDPSession(page);
    await inspector.send("HeapProfiler.collectGarbage");
    // The page and its workers live in the renderer.
    const before = held("renderer");
    assert.equal(await openFiles(page, files), "ready");
    await shown(page, 98);
    await inspector.send("HeapProfiler.collectGarbage");
    const [voxels, grown] = [(slices * 512 * 512 * 2) / 2 ** 20, held("renderer") - before];
    t.diagnostic(`${grown.toFixed(0)} MiB for ${voxels} MiB of voxels`);
    assert.ok(grown > voxels && grown <= 1.25 * voxels + 60, `${grown.toFixed(0)} MiB`);
    assert.deepEqual(troubles, []);
  });
});

test("twenty CTs opened one after another leave memory where it was", async (t) => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    const seen = [];
    const inspector = await page.context().newCDPSession(page);
    for (let study = 1; study <= 20; study++) {
      const files = writeSeries(folder, { slices: 60, size: 512, study });
      assert.equal(await openFiles(page, files), "ready");
      await shown(page, study);
      await page.waitForTimeout(300);
      // What is garbage by then does not count.
      await inspector.send("HeapProfiler.collectGarbage");
      seen.push(held());
    }
    t.diagnostic(`MiB after each: ${seen.map((m) => m.toFixed(0)).join(" ")}`);
    // The first ones fill caches and heaps.
    const early = Math.max(...seen.slice(0, 5));
    const late = Math.max(...seen.slice(-5));
    assert.ok(late <= early * 1.1, `${late.toFixed(0)} MiB after ${early.toFixed(0)}`);
    assert.deepEqual(troubles, []);
  });
});

test("a thousand slices of 512 × 512 open", async (t) => {
  const files = writeSeries(folder, { slices: 1000, size: 512, study: 99 });
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await page.evaluate(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
    });
    assert.equal(await openFiles(page, files), "ready");
    await shown(page, 99);
    const { loaded, total } = await data(page, "status");
    assert.deepEqual([+loaded, +total], [1000, 1000]);
    const told = await page.evaluate(() => ({
      marks: performance.getEntriesByType("mark").map((m) => [m.name, m.startTime]),
      longest: Math.max(0, ...window.longTasks),
    }));
    const begun = told.marks.find(([name]) => name === "hilum:files")[1];
    const marks = told.marks.map(([name, at]) => `${name} ${Math.round(at - begun)}`);
    t.diagnostic(`${marks.join(", ")} ms; longest task ${told.longest.toFixed(0)} ms; ${held().toFixed(0)} MiB`);
    assert.deepEqual(await all(page, "error-item"), []);
    assert.deepEqual(troubles, []);
  });
});
