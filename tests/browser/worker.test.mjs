// A worker that cannot start, or that stops in its work, is said: nobody waits for ever for what will not come.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { all, data, drag, id, openDemonstration, segments, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
before(async () => (site = await serve()));
after(() => site.close());

const EMPTY_PROGRAM = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

for (const [what, file, answer] of [
  ["whose program is missing", "hilum-worker_bg.wasm", { status: 404 }],
  ["whose script is missing", "hilum-worker.js", { status: 404 }],
  ["with the program of something else", "hilum-worker_bg.wasm", { contentType: "application/wasm", body: EMPTY_PROGRAM }],
]) {
  test(`a worker ${what} is said`, async () => {
    await withPage(`${site.address}?lang=en&gpu=cpu`, async (page) => {
      let changed = 0;
      await page.context().route(`**/${file}`, (route) => {
        changed += 1;
        return route.fulfill(answer);
      });
      await page.reload();
      await page.waitForFunction(() => document.body.dataset.gpu);
      // Asked again, it is said again.
      for (const times of [1, 2]) {
        await page.click(id("open-demo"));
        await until(page, (n) => document.querySelectorAll('[data-testid="error-item"]').length === n, times);
        assert.equal((await data(page, "status")).state, "error");
      }
      for (const { text } of await all(page, "error-item")) assert.match(text, /worker stopped/);
      assert.ok(changed > 0, "the file was asked for");
    });
  });
}

// A panic of a program in WebAssembly is a trap, and a trap is a RuntimeError that nobody catches.
test("a panic in a job is said, costs that job alone, and the document is as it was", async () => {
  await withPage(`${site.address}?lang=en&gpu=cpu`, async (page, { troubles }) => {
    await page.context().route("**/worker_boot.js", async (route) => {
      const response = await route.fetch();
      const traps = `const works = self.onmessage;
        self.onmessage = (event) => {
          if (JSON.stringify(event.data.job ?? "").includes("ProposeLungs")) throw new WebAssembly.RuntimeError("unreachable");
          works.call(self, event);
        };
        for (const message of early)`;
      await route.fulfill({ response, body: (await response.text()).replace("for (const message of early)", traps) });
    });
    await page.reload();
    await page.waitForFunction(() => document.body.dataset.gpu);
    assert.equal(await openDemonstration(page), "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.4, 0.4], [0.6, 0.5]);
    await until(page, () => document.querySelector('[data-testid="autosave"]').dataset.state === "saved");
    const before = await segments(page);
    assert.ok(before[0].voxels > 0);
    for (let times = 0; times < 2; times++) {
      await page.click(id("propose-lungs"));
      await until(page, () => /worker stopped/.test(document.querySelector('[data-testid="notice"]').textContent));
      assert.deepEqual(await segments(page), before);
      await page.keyboard.press("Escape");
      await until(page, () => !document.querySelector('[data-testid="notice"]').textContent);
    }
    // Other jobs are done by the worker that took its place.
    await page.click(id("refine-menu"));
    await page.click(id("refine-grow"));
    await until(page, (voxels) => Number(document.querySelector('[data-testid="segment-item"]').dataset.voxels) > voxels, before[0].voxels);
    assert.ok(troubles.every((trouble) => /unreachable|worker/i.test(trouble)), troubles.join("\n"));
  });
});

test("a server that does not know what WebAssembly is will do", async () => {
  await withPage(`${site.address}?lang=en&gpu=cpu`, async (page) => {
    let changed = 0;
    await page.context().route("**/*.wasm", async (route) => {
      changed += 1;
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
    });
    await page.reload();
    await page.waitForFunction(() => document.body.dataset.gpu);
    assert.equal(await openDemonstration(page), "ready");
    assert.equal(changed, 2, "the page's program and the worker's");
    const { loaded, total } = await data(page, "status");
    assert.equal(loaded, total);
  });
});
