// Real CTs, opened, contoured, measured, handed over and read again; nothing of their pixels leaves.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { PixelIndex } from "./leak.mjs";
import { PANES, all, data, download, drawn, id, loop, openFiles, out, root, segments, series, until, wheel, withPage } from "./page.mjs";
import { serve, startOrthanc } from "./servers.mjs";

const python = process.env.HILUM_PYTHON ?? path.join(os.homedir(), ".cache/hilum/venv/bin/python");
const validator = (name, ...words) =>
  JSON.parse(execFileSync(python, [path.join(root, "tests/validators", name), ...words], { maxBuffer: 1 << 28 }));

let archive;
let site;
before(async () => {
  archive = await startOrthanc();
  site = await serve(archive);
});
after(() => {
  site.close();
  archive.close();
});

/// Pixel bytes of the CT: as they stand in the files, and as HU.
function pixelsOf(files) {
  const index = new PixelIndex();
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    const begin = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
    // A report beside the images has none.
    if (begin > 0) index.add(bytes.subarray(begin + 12));
  }
  const decoded = path.join(os.tmpdir(), `hilum-pixels-${process.pid}`);
  execFileSync("cargo", ["run", "--quiet", "--example", "pixels", "--", decoded, ...files.slice(0, 24)], { cwd: root });
  index.add(fs.readFileSync(decoded));
  fs.rmSync(decoded);
  return index;
}

/// A hundred bytes from the middle of a file: tissue, or the stream of a compressed slice.
function middleOf(file) {
  const bytes = fs.readFileSync(file);
  return bytes.subarray(bytes.length >> 1, (bytes.length >> 1) + 103);
}

for (const { folder, lang, gpu } of [
  { folder: "lungdx-a0001-B", lang: "en", gpu: "webgpu" },
  { folder: "nlst-101287", lang: "fr", gpu: "webgl2" },
]) {
  test(`${folder}: contour, interpolate, export, send, read again`, async (t) => {
    const ct = series(t, folder);
    if (!ct) return;
    const folderOut = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-out-"));
    let marked;
    let files;
    await withPage(`${site.address}?lang=${lang}&gpu=${gpu}`, async (page, { requests, troubles }) => {
      assert.equal(await openFiles(page, ct.files), "ready");
      const loaded = await data(page, "status");
      assert.equal(loaded.loaded, loaded.total);
      assert.equal(await page.evaluate(() => document.body.dataset.gpu), gpu);
      await page.keyboard.press("1");

      await page.click(id("add-segment"));
      await page.click(id("tool-contour"));
      const counts = [];
      for (let n = 0; n < 3; n++) {
        await loop(page, "pane-axial", [0.32, 0.5], [30 - 4 * n, 22 + 3 * n]);
        await until(page, (least) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > least, counts.at(-1) ?? 0);
        counts.push((await segments(page))[0].voxels);
        if (n < 2) await wheel(page, "pane-axial", -3);
      }
      await page.click(id("interpolate"));
      await until(page, (least) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > least, counts[2]);
      marked = (await segments(page))[0];
      await drawn(page, PANES);
      await page.screenshot({ path: path.join(out, `${folder}-${lang}-${gpu}.png`) });

      files = { seg: await download(page, "export-seg", folderOut), sr: await download(page, "export-sr", folderOut) };

      await page.click(id("upload"));
      await page.waitForSelector(id("preview-line"));
      const preview = await all(page, "preview-line");
      assert.ok(preview.length > 100, `${preview.length} attributes are shown before they leave`);
      assert.equal((await all(page, "ledger-entry")).filter((e) => e.method === "POST").length, 0);
      await page.click(id("upload-confirm"));
      await page.waitForSelector(`${id("upload-close")}:visible`);
      assert.match(await page.locator(id("upload-status")).innerText(), /Sent|Envoyé/);
      const posts = (await all(page, "ledger-entry")).filter((e) => e.method === "POST");
      assert.equal(posts.length, 1);
      assert.deepEqual(troubles, []);

      // Nothing but annotations left, and nowhere else.
      const origin = new URL(site.address).origin;
      const foreign = requests.filter((r) => /^https?:/.test(r.url) && new URL(r.url).origin !== origin);
      assert.deepEqual(foreign.map((r) => r.url), []);
      const sent = site.recorded.filter((r) => r.method === "POST");
      assert.equal(sent.at(-1).body.length, +posts[0].bytes, "the ledger knows the size");
      const pixels = pixelsOf(ct.files);
      assert.ok(pixels.size > 100_000, `${pixels.size} pieces of pixel data are looked for`);
      for (const { body, url } of [...site.recorded, ...requests.filter((r) => r.body)]) {
        assert.equal(pixels.find(body), -1, `pixel data in a request to ${url}`);
      }
      const leak = Buffer.concat([sent.at(-1).body.subarray(0, 1001), middleOf(ct.files[9])]);
      assert.notEqual(pixels.find(leak), -1, "a planted leak is found");
    });

    // Independent readers agree.
    const seg = validator("check_seg.py", files.seg, ct.place);
    assert.deepEqual(seg.problems, []);
    assert.deepEqual(Object.values(seg.segments).map((s) => s.voxels), [marked.voxels]);
    const volume = Object.values(seg.segments)[0].volume_ml;
    assert.ok(Math.abs(volume - marked.ml) < 1e-4 * marked.ml, `${volume} ml against ${marked.ml}`);
    const sr = validator("check_sr.py", files.sr, files.seg);
    assert.deepEqual(sr.problems, []);
    for (const file of Object.values(files)) {
      const judged = spawnSync("dciodvfy", [file], { encoding: "utf8" });
      const errors = `${judged.stdout}${judged.stderr}`.split("\n").filter((l) => l.startsWith("Error"));
      assert.deepEqual(errors, [], file);
    }
    for (const modality of ["SEG", "SR"]) {
      const found = await fetch(`http://127.0.0.1:${archive.port}/dicom-web/series?Modality=${modality}`, {
        headers: { accept: "application/dicom+json" },
      }).then((r) => r.json());
      assert.ok(found.length >= 1, `QIDO finds a ${modality}`);
    }

    // The same CT and the saved segmentation in a new page: the same voxels.
    await withPage(`${site.address}?lang=${lang}&gpu=cpu`, async (page) => {
      assert.equal(await openFiles(page, ct.files), "ready");
      await page.setInputFiles(id("open-files"), [files.seg]);
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length === 1);
      const again = (await segments(page))[0];
      assert.equal(again.voxels, marked.voxels);
      assert.equal(again.mean, marked.mean);
      await page.click(id("export-seg"));
    });
    fs.rmSync(folderOut, { recursive: true });
  });
}

for (const { folder, slices } of [
  { folder: "totalseg-example", slices: 20 }, // JPEG 2000
  { folder: "lidc-0001", slices: 133 }, // padding, a frame of reference for each slice, one stray object
]) {
  test(`${folder} opens whole`, async (t) => {
    const ct = series(t, folder);
    if (!ct) return;
    await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
      assert.equal(await openFiles(page, ct.files), "ready");
      const status = await data(page, "status");
      assert.deepEqual([+status.loaded, +status.total], [slices, slices], JSON.stringify(await all(page, "error-item")));
      await drawn(page, PANES.slice(0, 3));
      assert.deepEqual(troubles, []);
    });
  });
}
