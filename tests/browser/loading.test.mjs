// Loading can be watched, and given up without leaving the page.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import { PANES, data, demonstrationFiles, drawn, id, openDemonstration, openFiles, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
let slices;
before(async () => {
  site = await serve();
  ({ folder, slices } = demonstrationFiles());
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

test("loading marks its milestones", async (t) => {
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
});

test("given up, loading stops, and the same page opens the CT after all", async (t) => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    // Cancelled by the page itself as soon as it says that it loads: from outside, a fast machine would be done first.
    await page.evaluate(() => {
      const status = document.querySelector('[data-testid="status"]');
      const watch = new MutationObserver(() => {
        if (status.dataset.state !== "loading") return;
        watch.disconnect();
        document.querySelector('[data-testid="cancel-loading"]').click();
      });
      watch.observe(status, { attributes: true });
    });
    await page.setInputFiles(id("open-files"), slices);
    await until(page, () => performance.getEntriesByName("hilum:files").length === 1);
    await until(page, () => document.querySelector('[data-testid="status"]').dataset.state !== "loading");
    const given = await data(page, "status");
    t.diagnostic(`given up with ${given.loaded} of ${given.total}, ${given.state}`);
    assert.ok(+given.loaded < slices.length, "not all was read");

    await page.setInputFiles(id("open-files"), slices);
    // The page may say that it is ready from before.
    await until(page, (n) => {
      const { state, loaded, total } = document.querySelector('[data-testid="status"]').dataset;
      return state === "ready" && +loaded === n && +total === n;
    }, slices.length);
    await drawn(page, PANES.slice(0, 3));

    assert.equal(await openDemonstration(page), "ready");
    assert.deepEqual(troubles, []);
  });
});
