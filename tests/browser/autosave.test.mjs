// Nothing drawn is lost: a tab that dies in the middle of a stroke loses that stroke alone, and what cannot be kept is said.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, id, onScreen, openFiles, segments, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve } from "./servers.mjs";

let site, folder, files, others;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-autosave-"));
  files = writeSeries(folder, { slices: 40, size: 128, study: 7 });
  others = writeSeries(folder, { slices: 40, size: 128, study: 8 });
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const address = () => `${site.address}?lang=en&gpu=cpu`;
const state = (page) => data(page, "autosave").then((d) => d.state);
const comesTo = (page, wanted) =>
  until(page, (s) => document.querySelector('[data-testid="autosave"]').dataset.state === s, wanted);
const offered = (page) => page.locator(id("restore-offer")).isVisible();
const voxels = async (page) => (await segments(page)).map((s) => s.voxels);

/// Opens the files and waits until it is known whether a reading is kept.
async function reading(page, which = files) {
  assert.equal(await openFiles(page, which), "ready");
  await until(page, () => {
    const autosave = document.querySelector('[data-testid="autosave"]');
    const offer = document.querySelector('[data-testid="restore-offer"]');
    return !offer.hidden || (autosave.textContent !== "" && !autosave.textContent.startsWith("Looking"));
  });
}

async function begin(page, which) {
  await reading(page, which);
  await page.click(id("add-segment"));
  await page.click(id("tool-brush"));
}

/// A stroke at this height of the axial pane, in parts; not finished if `held`.
async function stroke(page, y, held = false) {
  const box = await page.locator(id("pane-axial")).boundingBox();
  await page.mouse.move(box.x + box.width * 0.35, box.y + box.height * y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * y, { steps: 5 });
  if (!held) await page.mouse.up();
  await onScreen(page);
}

/// The tab dies as when its process is killed.
async function kill(page) {
  const cdp = await page.context().newCDPSession(page);
  const died = page.waitForEvent("crash");
  cdp.send("Page.crash").catch(() => {});
  await died;
  await page.close();
}

async function again(page) {
  const next = await page.context().newPage();
  next.setDefaultTimeout(60_000);
  await next.goto(address());
  await next.waitForFunction(() => document.body.dataset.gpu);
  return next;
}

test("a tab killed in the middle of a stroke loses that stroke alone, and undo goes on", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    const counts = [];
    for (const y of [0.3, 0.4, 0.5]) {
      await stroke(page, y);
      counts.push((await voxels(page))[0]);
    }
    await comesTo(page, "saved");
    await stroke(page, 0.7, true);
    assert.ok((await voxels(page))[0] > counts[2], "the stroke has begun");
    await kill(page);

    const next = await again(page);
    await reading(next);
    assert.deepEqual(await voxels(next), []);
    const offer = await next.locator(id("restore-offer")).innerText();
    assert.match(offer, /1 segment, [\d.]+ ml, 4 changes/);
    await next.screenshot({ path: path.join(import.meta.dirname, "out", "autosave-offer.png") });
    await next.click(id("restore-accept"));
    await until(next, () => document.querySelector('[data-testid="segment-item"]'));
    assert.deepEqual(await voxels(next), [counts[2]]);
    assert.equal(await offered(next), false);
    await comesTo(next, "saved");
    await next.click(id("undo"));
    await until(next, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === n, counts[1]);
    // What was taken back is kept, too.
    await comesTo(next, "saved");
    await kill(next);
    const third = await again(next);
    await reading(third);
    await third.click(id("restore-accept"));
    await until(third, (n) => +document.querySelector('[data-testid="segment-item"]')?.dataset.voxels === n, counts[1]);
    await third.click(id("redo"));
    await until(third, (n) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === n, counts[2]);
  });
});

test("another CT is not offered the reading; begun anew, the first change takes its place", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    await stroke(page, 0.4);
    await comesTo(page, "saved");
    const next = await again(page);
    await page.close();
    await reading(next, others);
    assert.equal(await offered(next), false);
    assert.equal(await state(next), "saved");
    await reading(next);
    assert.equal(await offered(next), true);
    await next.click(id("add-segment"), { force: true }).catch(() => {});
    assert.deepEqual(await segments(next), [], "nothing is drawn over an unanswered offer");
    await next.click(id("restore-decline"));
    await next.click(id("add-segment"));
    await comesTo(next, "saved");
    const third = await again(next);
    await next.close();
    await reading(third);
    await third.click(id("restore-accept"));
    await until(third, () => document.querySelector('[data-testid="segment-item"]'));
    assert.deepEqual(await voxels(third), [0]);
  });
});

test("clear now deletes everything, keys included, after asking", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    await stroke(page, 0.4);
    await comesTo(page, "saved");
    const stored = () =>
      page.evaluate(
        () =>
          new Promise((done, failed) => {
            const open = indexedDB.open("hilum");
            open.onerror = () => failed(open.error);
            open.onsuccess = () => {
              const database = open.result;
              const transaction = database.transaction(["keys", "records"]);
              const [keys, records] = ["keys", "records"].map((n) => transaction.objectStore(n).getAll());
              transaction.oncomplete = async () => {
                database.close();
                const exported = await crypto.subtle.exportKey("raw", keys.result[0]?.seal).then(() => "key", (e) => e.name);
                const text = records.result.map((r) => new TextDecoder("latin1").decode(r.sealed)).join("");
                done({ keys: keys.result.length, records: records.result.length, exported, leaks: /Lesion|2\.25\.990|HLMJ/.test(text) });
              };
            };
          }),
      );
    const before = await stored();
    assert.ok(before.records >= 2);
    assert.equal(before.exported, "InvalidAccessError", "the key cannot be read out");
    assert.equal(before.leaks, false, "nothing stands there in clear");
    await page.click(id("autosave-clear"));
    await page.screenshot({ path: path.join(import.meta.dirname, "out", "autosave-clear.png") });
    await page.click(id("autosave-clear-cancel"));
    assert.equal((await stored()).records, before.records);
    await page.click(id("autosave-clear"));
    await page.click(id("autosave-clear-confirm"));
    await until(page, () => /were deleted/.test(document.querySelector('[data-testid="notice"]').textContent));
    assert.equal((await stored()).records, 0);
    assert.ok((await voxels(page))[0] > 0, "what is on screen stays");
    const next = await again(page);
    await page.close();
    await reading(next);
    assert.equal(await offered(next), false);
  });
});

test("a full disk is said, and what was drawn meanwhile is kept once there is room", async () => {
  await withPage(address(), async (first) => {
    // The browser asks how much room there is once in a while: it must be told before it asks.
    const context = await first.context().browser().newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    const origin = new URL(site.address).origin;
    await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await page.goto(address());
    await page.waitForFunction(() => document.body.dataset.gpu);
    await begin(page);
    await comesTo(page, "full");
    assert.match(await page.locator(id("autosave")).innerText(), /no room/);
    await stroke(page, 0.6);
    const drawn = await voxels(page);
    assert.ok(drawn[0] > 0, "work goes on");
    await page.screenshot({ path: path.join(import.meta.dirname, "out", "autosave-full.png") });
    await cdp.send("Storage.overrideQuotaForOrigin", { origin });
    await comesTo(page, "saved");
    const next = await again(page);
    await page.close();
    await reading(next);
    await next.click(id("restore-accept"));
    await until(next, (n) => +document.querySelector('[data-testid="segment-item"]')?.dataset.voxels === n, drawn[0]);
  });
});

test("a browser that refuses storage is said, and work goes on", async () => {
  await withPage(
    address(),
    async (page, { troubles }) => {
      await begin(page);
      assert.equal(await state(page), "denied");
      await stroke(page, 0.4);
      assert.ok((await voxels(page))[0] > 0);
      assert.match(await page.locator(id("autosave")).innerText(), /refuses/);
      assert.deepEqual(troubles, []);
    },
    () =>
      Object.defineProperty(window, "indexedDB", {
        get() {
          throw new DOMException("storage is blocked", "SecurityError");
        },
      }),
  );
});

test("of two tabs on one CT one keeps; the other says so and can take over", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    await stroke(page, 0.4);
    await comesTo(page, "saved");
    const drawn = await voxels(page);
    const second = await again(page);
    await reading(second);
    assert.equal(await state(second), "other-tab");
    assert.equal(await offered(second), false);
    await second.click(id("add-segment"));
    assert.equal(await state(second), "other-tab", "work goes on there");
    await second.screenshot({ path: path.join(import.meta.dirname, "out", "autosave-other-tab.png") });
    await second.click(id("autosave-take-over"));
    await until(second, () => !document.querySelector('[data-testid="restore-offer"]').hidden);
    await comesTo(page, "other-tab");
    await second.click(id("restore-accept"));
    await until(second, (n) => +document.querySelector('[data-testid="segment-item"]')?.dataset.voxels === n, drawn[0]);
    await comesTo(second, "saved");
    // The one that lost it writes nothing any more.
    await stroke(page, 0.6);
    assert.equal(await state(page), "other-tab");
    await page.close();
    const third = await again(second);
    await second.close();
    await reading(third);
    await third.click(id("restore-accept"));
    await until(third, (n) => +document.querySelector('[data-testid="segment-item"]')?.dataset.voxels === n, drawn[0]);
  });
});

test("what is kept expires", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    await comesTo(page, "saved");
    for (const [days, wanted] of [[13, true], [30, false]]) {
      const next = await page.context().newPage();
      await next.addInitScript((ms) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + ms;
      }, days * 86_400_000);
      if (!page.isClosed()) await page.close();
      await next.goto(address());
      await next.waitForFunction(() => document.body.dataset.gpu);
      await reading(next);
      assert.equal(await offered(next), wanted, `after ${days} days`);
      page = { context: () => next.context(), isClosed: () => next.isClosed(), close: () => next.close() };
    }
  });
});

test("a worker that crashes during a proposal is said, and the document stays", async () => {
  await withPage(
    address(),
    async (page) => {
      await begin(page);
      await stroke(page, 0.4);
      const drawn = await voxels(page);
      await page.evaluate(() => (window.crashing = true));
      await page.click(id("propose-lungs"));
      await until(page, () => /worker stopped/.test(document.querySelector('[data-testid="notice"]').textContent));
      await page.evaluate(() => (window.crashing = false));
      assert.deepEqual(await voxels(page), drawn);
      await stroke(page, 0.6);
      assert.ok((await voxels(page))[0] > drawn[0]);
      await comesTo(page, "saved");
    },
    () => {
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (...message) {
        post.apply(this, message);
        if (!window.crashing) return;
        this.terminate();
        setTimeout(() => this.dispatchEvent(new ErrorEvent("error", { message: "crashed" })));
      };
    },
  );
});

test("after a panic the page says so, and the reading is offered after a reload", async () => {
  await withPage(address(), async (page) => {
    await begin(page);
    await stroke(page, 0.4);
    await comesTo(page, "saved");
    const drawn = await voxels(page);
    // A command from inside a frame is the one thing the page cannot survive.
    await page.evaluate(() => {
      const now = performance.now.bind(performance);
      let inside = false;
      performance.now = () => {
        if (!inside) {
          inside = true;
          document.querySelector('[data-testid="tool-brush"]').click();
          inside = false;
        }
        return now();
      };
    });
    await page.mouse.wheel(0, 100);
    await page.waitForSelector(".panic");
    assert.match(await page.locator(".panic").innerText(), /kept up to the last finished change/);
    await page.screenshot({ path: path.join(import.meta.dirname, "out", "autosave-panic.png") });
    await page.reload();
    await page.waitForFunction(() => document.body.dataset.gpu);
    await reading(page);
    await page.click(id("restore-accept"));
    await until(page, (n) => +document.querySelector('[data-testid="segment-item"]')?.dataset.voxels === n, drawn[0]);
  });
});
