// Many readings at once, over a line that is cut: `node tests/browser/load.mjs [UPLOADS] [PAGES]` (1000 and 8) says what arrived.
//
// Each page opens the demonstration, marks, confirms and marks again; one request in ten is cut, before it arrives, within its body, or after
// the archive has stored it and before the page hears of that.
import assert from "node:assert/strict";
import { all, drag, id, openDemonstration, until, withPage } from "./page.mjs";
import { serve, startOrthanc } from "./servers.mjs";

/// A stream of numbers from 0 to 1 that is the same each time.
function numbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

export async function load({ uploads, pages, cut = 0.1, archive }) {
  const own = archive ?? (await startOrthanc());
  const random = numbers(7);
  // Of requests: Chromium itself sends again what an idle connection did not take, which no page hears of.
  const counts = { requests: 0, before: 0, within: 0, after: 0 };
  const site = await serve(own, {
    answer: (request, response) => {
      if (request.method !== "POST") return false;
      counts.requests += 1;
      const chance = random();
      if (chance >= cut) return false;
      if (chance < cut / 3) {
        counts.before += 1;
        request.socket.destroy();
        return true;
      }
      if (chance < (2 * cut) / 3) {
        counts.within += 1;
        request.once("data", () => request.socket.destroy());
        return true;
      }
      counts.after += 1;
      response.writeHead = () => {
        request.socket.destroy();
        return response;
      };
      return false;
    },
  });
  const begun = Date.now();
  const stored = [];
  const before = await instances(own);
  const each = Array.from({ length: pages }, (_, n) => Math.floor(uploads / pages) + (n < uploads % pages ? 1 : 0));
  try {
    await Promise.all(
      each.map((count) =>
        withPage(`${site.address}?lang=en&gpu=cpu`, async (page) => {
          assert.equal(await openDemonstration(page), "ready");
          await page.click(id("add-segment"));
          await page.click(id("tool-brush"));
          for (let n = 0; n < count; n++) {
            const voxels = await page.evaluate(() => +document.querySelector('[data-testid="segment-item"]').dataset.voxels);
            // Always somewhere else, so that there is always something new to be sent.
            const [x, y] = [0.25 + (n % 13) * 0.04, 0.25 + (Math.floor(n / 13) % 13) * 0.04];
            await drag(page, "pane-axial", [x, y], [x + 0.005, y]);
            await until(page, (before) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels !== before, voxels);
            await page.keyboard.press("u");
            await page.click(id("upload-confirm"));
            await page.waitForSelector(`${id("upload-close")}:visible`);
            await page.click(id("upload-close"));
          }
          // Whatever waits goes by itself.
          await page.waitForFunction(
            () => [...document.querySelectorAll('[data-testid="parcel"]')].every((p) => p.dataset.state === "stored"),
            null,
            { timeout: 600_000 },
          );
          stored.push(...(await all(page, "ledger-entry")).filter((l) => l.method === "POST"));
        }),
      ),
    );
    const arrived = (await instances(own)).filter((one) => !before.includes(one));
    return { ...counts, arrived: arrived.length, entered: stored.length, seconds: (Date.now() - begun) / 1000 };
  } finally {
    site.close();
    if (!archive) own.close();
  }
}

/// What the archive holds.
const instances = async (archive) => fetch(`http://127.0.0.1:${archive.port}/instances`).then((r) => r.json());

if (process.argv[1] === import.meta.filename) {
  const [uploads, pages] = [process.argv[2] ?? 1000, process.argv[3] ?? 8].map(Number);
  const outcome = await load({ uploads, pages });
  console.log(JSON.stringify({ uploads, pages, ...outcome }));
  assert.equal(outcome.arrived, 2 * uploads, "each segmentation and each report, once");
}
