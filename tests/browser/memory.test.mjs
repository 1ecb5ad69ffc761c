// Memory: many CTs one after another, and a very large one.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, openFiles, until, withPage } from "./page.mjs";
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

/// Memory that the browser's processes hold, each shared page counted once, MiB.
function held() {
  let kib = 0;
  for (const pid of fs.readdirSync("/proc").filter((p) => /^\d+$/.test(p))) {
    try {
      if (!fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("chromium")) continue;
      kib += Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // The process ended meanwhile.
    }
  }
  return kib / 1024;
}

const shown = (page, study) =>
  until(page, (uid) => {
    const status = document.querySelector('[data-testid="status"]').dataset;
    const open = document.querySelector(`[data-series-uid="${uid}"]`);
    return status.state === "ready" && open && performance.getEntriesByName("hilum:mpr").length === 1;
  }, `2.25.990${study}.1`);

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
