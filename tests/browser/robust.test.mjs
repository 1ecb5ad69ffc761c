// What happens to a page during a day: windows change their size and screen, tabs are hidden and come back. No canvas goes blank.
// And what a frame may cost: no upload for a window, nothing made anew on the GPU, no more memory.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { PANES, drag, drawn, id, openDemonstration, out, until, wheel, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => (site = await serve()));
after(() => site.close());

/// Each visible canvas lies where its pane lies, and has as many px as the screen.
const placed = (page) =>
  page.evaluate((panes) => {
    const ratio = window.devicePixelRatio;
    const canvases = [...document.querySelectorAll(".picture canvas")].filter((c) => c.getBoundingClientRect().width > 0);
    const rects = canvases.map((c) => ({ rect: c.getBoundingClientRect(), px: [c.width, c.height] }));
    for (const { rect, px } of rects) {
      if (Math.abs(px[0] - rect.width * ratio) > 1.5 || Math.abs(px[1] - rect.height * ratio) > 1.5) {
        return `a canvas of ${px} px takes ${rect.width} × ${rect.height} at ${ratio}`;
      }
    }
    for (const name of panes) {
      const pane = document.querySelector(`[data-testid="${name}"]`).getBoundingClientRect();
      const under = rects.some(
        ({ rect }) => rect.left <= pane.left + 1 && rect.top <= pane.top + 1 && rect.right >= pane.right - 1 && rect.bottom >= pane.bottom - 1,
      );
      if (!under) return `no canvas under ${name}`;
    }
    return "";
  }, PANES.slice(0, 3));

const settled = async (page) => {
  await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
  await page.waitForTimeout(300);
};

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`no pane goes blank when the window, the screen or the tab changes (${gpu})`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await drawn(page, PANES);
      for (const [width, height] of [[900, 620], [1500, 700], [1100, 1000], [1400, 900]]) {
        await page.setViewportSize({ width, height });
        await settled(page);
        await drawn(page, PANES);
        assert.equal(await placed(page), "", `${width} × ${height}`);
      }

      // Another screen: the same CSS px, more device px.
      const devtools = await page.context().newCDPSession(page);
      for (const deviceScaleFactor of [2, 1.25, 1]) {
        await devtools.send("Emulation.setDeviceMetricsOverride", { width: 1000, height: 640, deviceScaleFactor, mobile: false });
        await until(page, (ratio) => window.devicePixelRatio === ratio, deviceScaleFactor);
        await settled(page);
        await drawn(page, PANES);
        assert.equal(await placed(page), "", `${deviceScaleFactor} px to a px`);
        await page.screenshot({ path: path.join(out, `robust-${gpu}-${deviceScaleFactor}.png`) });
      }
      await devtools.send("Emulation.clearDeviceMetricsOverride");
      await settled(page);

      // The tab sleeps behind another one, and comes back; what was asked for before is there.
      await page.evaluate(() => {
        window.wasHidden = 0;
        document.addEventListener("visibilitychange", () => (window.wasHidden += document.hidden));
      });
      const other = await page.context().newPage();
      await other.goto("about:blank");
      await other.bringToFront();
      await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
      await other.waitForTimeout(1000);
      await devtools.send("Page.setWebLifecycleState", { state: "active" });
      await page.bringToFront();
      await other.close();
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
      await settled(page);
      await drawn(page, PANES);
      const slice = () => page.locator(id("pane-axial")).evaluate((e) => +e.dataset.slice);
      const before = await slice();
      await wheel(page, "pane-axial", 3);
      await until(page, (k) => +document.querySelector('[data-testid="pane-axial"]').dataset.slice !== k, before);
      await drawn(page, PANES);
      assert.deepEqual(troubles, []);
    });
  });
}

/// Counts what the page asks of the GPU, and keeps its memory in sight.
const watch = () => {
  window.asked = { uploads: 0, made: 0 };
  const count = (prototype, names, what) => {
    for (const name of names) {
      const own = prototype?.[name];
      if (!own) continue;
      prototype[name] = function (...given) {
        window.asked[what] += 1;
        return own.apply(this, given);
      };
    }
  };
  count(window.GPUQueue?.prototype, ["writeTexture", "copyExternalImageToTexture"], "uploads");
  count(window.GPUDevice?.prototype, ["createTexture", "createBuffer", "createBindGroup", "createRenderPipeline", "createShaderModule"], "made");
  const gl = window.WebGL2RenderingContext?.prototype;
  count(gl, ["texImage2D", "texImage3D", "texSubImage2D", "texSubImage3D"], "uploads");
  count(gl, ["createTexture", "createBuffer", "createProgram", "texStorage2D", "texStorage3D"], "made");
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const own = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await own.apply(WebAssembly, given);
      window.memory = (made.instance ?? made).exports.memory ?? window.memory;
      return made;
    };
  }
};

const state = (page) => page.evaluate(() => ({ ...window.asked, bytes: window.memory.buffer.byteLength }));

for (const gpu of ["webgpu", "webgl2"]) {
  test(`a frame uploads nothing, makes nothing and takes no memory (${gpu})`, async (t) => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await page.keyboard.press("7");
      await drawn(page, ["pane-axial", "pane-coronal"]);
      await settled(page);
      await page.click(id("tool-window"));
      const windows = async () => {
        for (let n = 0; n < 4; n++) {
          await drag(page, "pane-axial", [0.3, 0.3], [0.7, 0.6]);
          await drag(page, "pane-axial", [0.7, 0.6], [0.3, 0.3]);
        }
      };
      const scrolls = async () => {
        await wheel(page, "pane-axial", 12);
        await wheel(page, "pane-axial", -12);
      };
      const turns = async () => {
        for (let n = 0; n < 3; n++) await drag(page, "pane-volume", [0.3, 0.4], [0.6, 0.5]);
      };
      const measure = async (what, act) => {
        // Once before: what is made on first use is made then.
        await act();
        await settled(page);
        const before = await state(page);
        for (let n = 0; n < 3; n++) await act();
        await settled(page);
        const now = await state(page);
        t.diagnostic(`${what}: ${now.uploads - before.uploads} uploads, ${now.made - before.made} objects, ${now.bytes - before.bytes} bytes of memory`);
        assert.equal(now.uploads - before.uploads, 0, `${what} uploads`);
        assert.equal(now.made - before.made, 0, `${what} makes GPU objects`);
        assert.equal(now.bytes - before.bytes, 0, `${what} takes memory`);
      };
      assert.ok((await state(page)).uploads > 10, "the counter counts: the CT was uploaded");
      await measure("a window drag", windows);
      await page.click(id("tool-navigate"));
      await measure("scrolling", scrolls);
      // Turning: textures of each size are kept, so that only the first of a size is made.
      await page.keyboard.press("d");
      await drawn(page, ["pane-volume"]);
      await turns();
      await settled(page);
      const before = await state(page);
      await turns();
      await settled(page);
      const now = await state(page);
      t.diagnostic(`turning: ${now.uploads - before.uploads} uploads, ${now.made - before.made} objects`);
      assert.equal(now.uploads - before.uploads, 0, "turning uploads");
      assert.deepEqual(troubles, []);
    }, watch, { viewport: { width: 1000, height: 640 } });
  });
}
