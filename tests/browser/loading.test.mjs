// Loading can be watched, and given up without leaving the page.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { PANES, all, data, demonstrationFiles, drawn, id, openDemonstration, openFiles, opening, until, withPage } from "./page.mjs";
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

test("a folder opens from the picker and dropped on the page, with what lies deeper", async () => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-folder-"));
  const deeper = path.join(place, "study", "series");
  fs.mkdirSync(deeper, { recursive: true });
  for (const slice of slices) fs.copyFileSync(slice, path.join(deeper, path.basename(slice)));
  fs.writeFileSync(path.join(place, "study", "readme.txt"), "no image");
  try {
    await withPage(`${site.address}?lang=en`, async (page, { troubles, context }) => {
      const opened = async (act) => {
        assert.equal(await opening(page, act), "ready");
        assert.equal((await all(page, "series-item")).length, 1);
        const status = await data(page, "status");
        assert.equal(Number(status.loaded), slices.length);
        const [problem, ...others] = await all(page, "error-item");
        assert.match(problem.text, /study\/readme\.txt/, "named by its place in the folder");
        assert.deepEqual(others, []);
      };
      await opened(() => page.setInputFiles(id("open-folder"), path.join(place, "study")));
      await page.reload();
      await page.waitForFunction(() => document.body.dataset.gpu);
      const devtools = await context.newCDPSession(page);
      const drop = { x: 400, y: 300, data: { items: [], files: [path.join(place, "study")], dragOperationsMask: 1 } };
      await opened(async () => {
        for (const type of ["dragEnter", "dragOver", "drop"]) await devtools.send("Input.dispatchDragEvent", { type, ...drop });
      });
      await drawn(page, PANES);
      assert.deepEqual(troubles, []);
    });
  } finally {
    fs.rmSync(place, { recursive: true });
  }
});
