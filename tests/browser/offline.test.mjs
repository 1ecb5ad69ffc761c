// Without a network the page opens all the same; what is kept for that is the app and nothing else, and a new build takes its place.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { data, demonstrationFiles, id, openDemonstration, openFiles, opening, until, withPage } from "./page.mjs";
import { dist, serve, startOrthanc } from "./servers.mjs";

const ALLOW = { serviceWorkers: "allow" };
let archive;
let demonstration;
before(async () => {
  archive = await startOrthanc();
  demonstration = demonstrationFiles();
  for (const file of demonstration.slices) {
    await fetch(`http://127.0.0.1:${archive.port}/instances`, { method: "POST", body: fs.readFileSync(file) });
  }
});
after(() => {
  archive.close();
  fs.rmSync(demonstration.folder, { recursive: true });
});

const settled = (page) => page.evaluate(() => navigator.serviceWorker.ready.then((r) => r.active.state));
const kept = (page) =>
  page.evaluate(async () => {
    const found = {};
    for (const name of await caches.keys()) found[name] = (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname.slice(1)).sort();
    return found;
  });
/// Waits for what only a promise can say.
async function becomes(page, ask, wanted) {
  let said;
  for (let n = 0; n < 900; n++) {
    said = await page.evaluate(ask);
    if (JSON.stringify(said) === JSON.stringify(wanted)) return;
    await page.waitForTimeout(100);
  }
  assert.deepEqual(said, wanted);
}
const activated = (page) => becomes(page, () => navigator.serviceWorker.getRegistration().then((r) => r?.active?.state), "activated");

test("after one visit the page opens without a network, with its language and its workers", async () => {
  const site = await serve(archive);
  await withPage(
    `${site.address}?lang=fr`,
    async (page, { context }) => {
      await settled(page);
      await activated(page);
      // Patients' data and the site's settings went through the page meanwhile.
      await page.click(id("open-dicomweb"));
      await page.click(id("qido-search"));
      await page.click(id("study-item"));
      await page.waitForSelector(id("remote-series-item"));
      assert.equal(await opening(page, () => page.click(id("remote-series-item"))), "ready");
      await page.reload();
      await page.waitForFunction(() => document.body.dataset.gpu);
      assert.equal(await openFiles(page, demonstration.slices.slice(0, 8)), "ready");
      const caches = await kept(page);
      assert.equal(Object.keys(caches).length, 1);
      const [files] = Object.values(caches);
      const built = fs.readdirSync(dist).filter((f) => !["config.json", "service_worker.js"].includes(f)).sort();
      assert.deepEqual(files, built, "the built files and nothing else");
      // The server is gone.
      await context.setOffline(true);
      site.close();
      site.cut();
      await page.goto(`${site.address}?lang=fr`);
      await page.waitForFunction(() => document.body.dataset.gpu);
      assert.equal(await page.evaluate(() => document.body.dataset.lang), "fr");
      assert.equal(await openDemonstration(page), "ready");
      assert.equal((await data(page, "status")).loaded, (await data(page, "status")).total);
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      // What was never kept is not there.
      assert.equal(await page.evaluate(() => fetch("config.json").then(() => "there", () => "gone")), "gone");
      assert.equal(await page.evaluate(() => fetch("/dicom-web/studies").then(() => "there", () => "gone")), "gone");
      assert.deepEqual(await kept(page), caches);
    },
    undefined,
    ALLOW,
  );
});

test("a new build takes the place of the one before, as a whole", async () => {
  // A copy of the bundle that can be changed.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-builds-"));
  fs.cpSync(dist, folder, { recursive: true });
  const site = await serve(null, { folder });
  const worker = path.join(folder, "service_worker.js");
  const built = fs.readFileSync(worker, "utf8");
  const [, name] = built.match(/const CACHE = "(hilum-app-[0-9a-f]{8,16})"/);
  try {
    await withPage(
      site.address,
      async (page, { context }) => {
        await settled(page);
        await activated(page);
        assert.deepEqual(Object.keys(await kept(page)), [name]);
        // A build that is only half on the server: its list does not match, and the old one stays.
        fs.writeFileSync(path.join(folder, "favicon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
        fs.writeFileSync(worker, built.replaceAll(name, "hilum-app-0000000000000001"));
        await page.evaluate(async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          await registration.update().catch(() => {});
          const fresh = registration.installing;
          if (fresh && fresh.state === "installing") await new Promise((done) => fresh.addEventListener("statechange", done));
        });
        await becomes(page, () => caches.keys(), [name]);
        const digest = async (file) => {
          const { createHash } = await import("node:crypto");
          return `sha384-${createHash("sha384").update(fs.readFileSync(path.join(folder, file))).digest("base64")}`;
        };
        // The whole of it: it is taken up.
        const fresh = built
          .replaceAll(name, "hilum-app-0000000000000002")
          .replace(/\["favicon.svg", "[^"]*"\]/, `["favicon.svg", "${await digest("favicon.svg")}"]`);
        fs.writeFileSync(worker, fresh);
        await page.reload();
        await page.evaluate(() => navigator.serviceWorker.getRegistration().then((r) => r.update()));
        await becomes(page, () => caches.keys(), ["hilum-app-0000000000000002"]);
        await activated(page);
        await context.setOffline(true);
        await page.reload();
        await page.waitForFunction(() => document.body.dataset.gpu);
        assert.match(await page.evaluate(() => fetch("favicon.svg").then((r) => r.text())), /^<svg xmlns='/);
      },
      undefined,
      ALLOW,
    );
  } finally {
    site.close();
    fs.rmSync(folder, { recursive: true });
  }
});
