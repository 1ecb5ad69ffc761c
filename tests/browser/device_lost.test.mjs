// The GPU may go at any time: views come back by themselves, and the stroke in progress is still there.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { PANES, drawn, id, openDemonstration, segments, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => {
  site = await serve();
});
after(() => site.close());

/// Keeps what the page draws with, so that it can be taken away.
const keepDevices = () => {
  window.contexts = 0;
  const request = window.GPUAdapter?.prototype.requestDevice;
  if (request) {
    GPUAdapter.prototype.requestDevice = async function (...wishes) {
      window.device = await request.apply(this, wishes);
      window.contexts += 1;
      return window.device;
    };
  }
  const context = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...wishes) {
    const got = context.call(this, kind, ...wishes);
    if (kind === "webgl2") {
      window.gl = got;
      window.contexts += 1;
    }
    return got;
  };
};

for (const gpu of ["webgpu", "webgl2"]) {
  test(`${gpu} lost in the middle of a stroke`, async (t) => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page) => {
      await until(page, (wanted) => document.body.dataset.gpu === wanted, gpu);
      assert.equal(await openDemonstration(page), "ready");
      await drawn(page, PANES.slice(0, 3));
      await page.click(id("add-segment"));
      await page.click(id("tool-brush"));
      const box = await page.locator(id("pane-axial")).boundingBox();
      const at = (n) => [box.x + box.width * (0.4 + 0.02 * n), box.y + box.height * 0.5];
      await page.mouse.move(...at(0));
      await page.mouse.down();
      await page.mouse.move(...at(4), { steps: 4 });
      const [half] = await segments(page);
      assert.ok(half.voxels > 0);

      const begun = Date.now();
      const contexts = await page.evaluate((kind) => {
        const before = window.contexts;
        if (kind === "webgpu") window.device.destroy();
        else window.gl.getExtension("WEBGL_lose_context").loseContext();
        return before;
      }, gpu);
      // By itself, without a hand on the mouse.
      await until(page, ([n, wanted]) => window.contexts > n && document.body.dataset.gpu === wanted, [contexts, gpu]);
      await drawn(page, PANES.slice(0, 3));
      assert.match(await page.locator(id("notice")).innerText(), /GPU was lost/);
      t.diagnostic(`back after ${Date.now() - begun} ms`);

      await page.mouse.move(...at(9), { steps: 4 });
      await page.mouse.up();
      const [whole] = await segments(page);
      assert.ok(whole.voxels > half.voxels, "the stroke went on");
      await page.click(id("undo"));
      // All of it, for it is one stroke.
      await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels === 0);
    }, keepDevices);
  });
}
