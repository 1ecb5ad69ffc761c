// A folder of a web server, as docs/deploy.md describes it, takes what a reader confirms: nginx with WebDAV behind a password.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, drag, id, openFiles, out, segments, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { startOrthanc } from "./servers.mjs";
import { startNginx } from "./web_servers.mjs";

let archive;
let server;
let place;
let files;
before(async () => {
  place = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-folder-"));
  files = writeSeries(place, { slices: 24, size: 96, study: 91 });
  fs.mkdirSync(path.join(place, "readings"));
  fs.writeFileSync(path.join(place, "users"), "reader:{PLAIN}words\n");
  archive = await startOrthanc();
  const configuration = { dicomweb: null, folder: { name: "Readings", root: "/readings", method: "PUT", authentication: "basic" } };
  server = await startNginx(archive, `
    location = /config.json { default_type application/json; return 200 '${JSON.stringify(configuration)}'; }
    location /readings/ {
        root ${place}; dav_methods PUT; client_max_body_size 64m;
        auth_basic "Readings"; auth_basic_user_file ${place}/users;
    }`);
});
after(() => {
  server.close();
  archive.close();
  fs.rmSync(place, { recursive: true });
});

const stored = () => fs.readdirSync(path.join(place, "readings")).sort();

test("segmentation, report and bundle lie in the folder behind its password, and open again", async (t) => {
  const anyCertificate = { ignoreHTTPSErrors: true };
  let marked;
  await withPage(`${server.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, files), "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.4, 0.5], [0.55, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 20);
    marked = (await segments(page)).map((s) => s.voxels);
    await page.click(id("upload"));
    await page.waitForSelector(id("preview-line"));
    await page.fill(id("upload-user"), "reader");
    await page.fill(id("upload-secret"), "wrong");
    await page.click(id("upload-confirm"));
    await until(page, () => document.querySelector('[data-testid="parcel"]')?.dataset.state === "held");
    assert.match((await all(page, "parcel"))[0].text, /401/);
    assert.deepEqual(stored(), []);
    await page.click(id("upload-close"));
    // Sending it again asks who sends.
    await page.click(id("parcel-send"));
    await page.fill(id("upload-secret"), "words");
    await page.screenshot({ path: path.join(out, "folder-password.png") });
    await page.click(id("upload-confirm"));
    await until(page, () => document.querySelector('[data-testid="parcel"]').dataset.state === "stored");
    await page.screenshot({ path: path.join(out, "folder-stored.png") });
    assert.deepEqual(troubles.filter((x) => !/Failed to load resource/.test(x)), []);
  }, undefined, anyCertificate);
  t.diagnostic(stored().join(" "));
  assert.deepEqual(stored().map((name) => name.replace(/-[^.-]*\./, ".")), ["hilum-bundle.zip", "hilum-seg.dcm", "hilum-sr.dcm"]);
  for (const name of stored().filter((name) => !name.includes("-sr-"))) {
    await withPage(`${server.address}?lang=en`, async (page, { troubles }) => {
      assert.equal(await openFiles(page, [...files, path.join(place, "readings", name)]), "ready");
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 1);
      assert.deepEqual((await segments(page)).map((s) => s.voxels), marked, name);
      assert.deepEqual(troubles, []);
    }, undefined, anyCertificate);
  }
});
