// Loading can be watched, and given up without leaving the page.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import { PANES, all, data, demonstrationFiles, drawn, id, openDemonstration, openFiles, until, withPage } from "./page.mjs";
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
    // Cancelled by the page itself, in the task after the one that began to load: from outside, a fast machine would be done first,
    // and a busy one may be done before it draws that it loads.
    await page.evaluate(() => {
      const mark = performance.mark.bind(performance);
      performance.mark = (name, ...rest) => {
        if (name === "hilum:files") {
          performance.mark = mark;
          setTimeout(() => document.querySelector('[data-testid="cancel-loading"]').click());
        }
        return mark(name, ...rest);
      };
    });
    await page.setInputFiles(id("open-files"), slices);
    await until(page, () => document.querySelector('[data-testid="notice"]')?.textContent.startsWith("Opening was stopped"));
    const given = await data(page, "status");
    t.diagnostic(`given up with ${given.loaded} of ${given.total}, ${given.state}`);
    assert.equal(given.state, "idle");
    assert.deepEqual(await all(page, "series-item"), [], "nothing of it was opened");

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
