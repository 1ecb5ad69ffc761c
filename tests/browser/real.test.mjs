// Real CTs, opened, contoured, proposed on, measured, the form answered, handed over to both writers and read again; nothing of their
// pixels leaves.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { SentBytes } from "./leak.mjs";
import { PANES, all, data, download, drag, drawn, id, loop, openDemonstration, openFiles, out, root, segments, series, until, wheel, withPage } from "./page.mjs";
import { serve, startOrthanc } from "./servers.mjs";

const python = process.env.HILUM_PYTHON ?? path.join(os.homedir(), ".cache/hilum/venv/bin/python");
// A judge with something to say exits with 1, and says it in its JSON.
const validator = (name, ...words) => {
  const said = spawnSync(python, [path.join(root, "tests/validators", name), ...words], { encoding: "utf8", maxBuffer: 1 << 28 });
  assert.ok([0, 1].includes(said.status) && said.stdout, `${name}: ${said.error ?? said.stderr}`);
  return JSON.parse(said.stdout);
};

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

/// What the reader writes into the form.
const WORDS = "seen with Mrs Secretan";

/// How many series of a modality the archive holds.
const stored = (modality) =>
  fetch(`http://127.0.0.1:${archive.port}/dicom-web/series?Modality=${modality}`, { headers: { accept: "application/dicom+json" } })
    .then((r) => r.json())
    .then((found) => found.length);

/// The CT's pixel data in each form in which they could leave: as they stand in the files, as HU, and as HU from -1024 on.
function* pixelsOf(files) {
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    const begin = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
    // A report beside the images has none.
    if (begin > 0) yield bytes.subarray(begin + 12);
  }
  const decoded = path.join(os.tmpdir(), `hilum-pixels-${process.pid}`);
  execFileSync("cargo", ["run", "--quiet", "--example", "pixels", "--", decoded, ...files], { cwd: root });
  const bytes = fs.readFileSync(decoded);
  fs.rmSync(decoded);
  assert.ok(bytes.length > files.length * 100_000, `${bytes.length} bytes of HU are looked for`);
  yield bytes;
  const raised = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).map((hu) => hu + 1024);
  yield Buffer.from(raised.buffer);
}

/// What of the CT was sent: the names of the bodies that hold some of it.
function leaks(bodies, files) {
  const sent = new SentBytes();
  for (const { body, name } of bodies) sent.add(body, name);
  const found = new Set();
  for (const bytes of pixelsOf(files)) {
    for (const leak of sent.find(bytes)) found.add(leak.name);
  }
  return { found: [...found], size: sent.size };
}

/// A hundred bytes from the middle of a file: tissue, or the stream of a compressed slice.
function middleOf(file) {
  const bytes = fs.readFileSync(file);
  return bytes.subarray(bytes.length >> 1, (bytes.length >> 1) + 103);
}

/// The files in a store request.
function objectsOf(body) {
  const delimiter = body.subarray(0, body.indexOf("\r\n"));
  const parts = [];
  for (let at = 0, next; (next = body.indexOf(delimiter, at + delimiter.length)) > 0; at = next) {
    parts.push(body.subarray(body.indexOf("\r\n\r\n", at) + 4, next - 2));
  }
  return parts;
}

for (const { folder, lang, gpu } of [
  { folder: "lungdx-a0001-B", lang: "en", gpu: "webgpu" },
  { folder: "nlst-101287", lang: "fr", gpu: "webgl2" },
]) {
  test(`${folder}: contour, interpolate, propose, fill in the form, export, send, read again`, async (t) => {
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

      await page.locator(id("pane-axial")).hover();
      await until(page, () => document.querySelector('[data-testid="probe"]').dataset.hu !== undefined);
      assert.ok(Number.isFinite(+(await data(page, "probe")).hu));

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
      await page.locator(`${id("region-accept")}:visible`).click();
      await until(page, (least) => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > least, counts[2]);

      // What algorithms propose, and what the reader says in the form.
      const number = (name) => `[data-testid="quantity-${name}"]`;
      await page.click(id("propose-lungs"));
      await until(page, (name) => +document.querySelector(name).dataset.value > 500, number("lung-volume"));
      const before = (await segments(page)).length;
      await page.click(id("propose-lesions"));
      await until(page, (n) => document.querySelectorAll('[data-testid="segment-item"]').length > n, before);
      await page.keyboard.press("Shift+R");
      await until(page, () => document.activeElement?.dataset.testid === "form-quality");
      await page.keyboard.press("2");
      await page.locator(id("form-comment")).fill(WORDS);
      await page.locator(id("form-comment")).press("Enter");
      await page.keyboard.press("Escape");
      marked = (await segments(page)).filter((s) => s.voxels > 0);
      assert.ok(marked.length >= 3, `${marked.length} segments, of the reader and of algorithms`);
      await drawn(page, PANES);
      await page.screenshot({ path: path.join(out, `${folder}-${lang}-${gpu}.png`) });

      files = {};
      for (const name of ["seg", "sr", "bundle"]) files[name] = await download(page, `export-${name}`, folderOut);

      const there = { SEG: await stored("SEG"), SR: await stored("SR") };
      await page.click(id("upload"));
      await page.waitForSelector(id("preview-line"));
      const preview = await all(page, "preview-line");
      assert.ok(preview.length > 100, `${preview.length} attributes are shown before they leave`);
      assert.equal((await all(page, "ledger-entry")).filter((e) => e.method === "POST").length, 0);
      await page.click(id("upload-confirm"));
      await page.waitForSelector(`${id("upload-close")}:visible`);
      assert.match(await page.locator(id("upload-status")).innerText(), /Sent|Envoyé/);
      assert.deepEqual({ SEG: await stored("SEG"), SR: await stored("SR") }, { SEG: there.SEG + 1, SR: there.SR + 1 });
      await page.click(id("upload-close"));
      const toArchive = site.recorded.filter((r) => r.method === "POST").at(-1);

      // The same reading to the campaign: nothing before the reader has a code.
      await page.click(id("upload-campaign"));
      await page.waitForSelector(`${id("upload-problem")}:visible`);
      assert.equal(await page.locator(id("upload-confirm")).isVisible(), false);
      await page.fill(id("upload-reader"), "R07");
      await page.locator(id("upload-reader")).press("Tab");
      await page.waitForSelector(`${id("upload-confirm")}:visible`);
      assert.ok((await all(page, "preview-line")).every((l) => l.keyword === "" || l.text.length > 12), "each with its reason");
      await page.screenshot({ path: path.join(out, `campaign-${lang}.png`) });
      await page.click(id("upload-confirm"));
      await page.waitForSelector(`${id("upload-close")}:visible`);
      assert.match(await page.locator(id("upload-status")).innerText(), /Sent|Envoyé/);
      const toCampaign = site.recorded.filter((r) => r.method === "POST").at(-1);
      assert.deepEqual([toArchive.url, toCampaign.url], ["/dicom-web/studies", "/campaign-web/studies"]);
      const problems = (request) =>
        objectsOf(request.body).flatMap((bytes, n) => {
          const file = path.join(folderOut, `sent-${n}.dcm`);
          fs.writeFileSync(file, bytes);
          const judged = validator("check_campaign.py", file, ct.place);
          assert.ok(judged.searched > 20, "header values were looked for");
          return judged.problems;
        });
      assert.deepEqual(problems(toCampaign), [], "nothing that the headers say of the patient reaches a campaign");
      assert.ok(problems(toArchive).length > 5, "the same search finds what the archive is told");
      assert.deepEqual([toArchive, toCampaign].map((r) => r.body.includes(WORDS)), [true, false], "words stay in the hospital");

      const posts = (await all(page, "ledger-entry")).filter((e) => e.method === "POST");
      assert.equal(posts.length, 2);
      assert.deepEqual(troubles, []);

      // Nothing but annotations left, and nowhere else.
      const origin = new URL(site.address).origin;
      const foreign = requests.filter((r) => /^https?:/.test(r.url) && new URL(r.url).origin !== origin);
      assert.deepEqual(foreign.map((r) => r.url), []);
      const sent = site.recorded.filter((r) => r.method === "POST");
      assert.deepEqual(sent.slice(-2).map((r) => r.body.length), posts.map((p) => +p.bytes), "the ledger knows the size");
      const bodies = [...site.recorded, ...requests.filter((r) => r.body)].map(({ body, url }) => ({ body, name: url }));
      // What is saved is given on too.
      for (const file of Object.values(files)) bodies.push({ body: fs.readFileSync(file), name: path.basename(file) });
      // One leak is planted, to be found, and is the only one.
      const planted = Buffer.concat([sent.at(-1).body.subarray(0, 1001), middleOf(ct.files[9])]);
      const leaked = leaks([...bodies, { body: planted, name: "planted" }], ct.files);
      assert.ok(leaked.size > 1000, `${leaked.size} runs were sent`);
      assert.deepEqual(leaked.found, ["planted"]);
    });

    // Independent readers agree.
    const seg = validator("check_seg.py", files.seg, ct.place);
    assert.deepEqual(seg.problems, []);
    const sr = validator("check_sr.py", files.sr, files.seg);
    assert.deepEqual(sr.problems, []);
    const written = Object.values(seg.segments).filter((s) => s.voxels > 0);
    const groups = sr.groups.filter((g) => g.measurements.Volume.value > 0);
    assert.deepEqual([written, groups].map((all) => all.length), [marked.length, marked.length]);
    for (const [n, { voxels, ml }] of marked.entries()) {
      const { value, unit } = groups[n].measurements.Volume;
      assert.deepEqual([written[n].voxels, unit], [voxels, "ml"]);
      assert.ok(Math.abs(written[n].volume_ml - ml) < 1e-6 * ml, `${written[n].volume_ml} ml against ${ml}`);
      assert.ok(Math.abs(value - ml) < 1e-6 * ml, `the report says ${value} ml, the page ${ml} ml`);
    }
    for (const file of [files.seg, files.sr]) {
      const judged = spawnSync("dciodvfy", [file], { encoding: "utf8" });
      const errors = `${judged.stdout}${judged.stderr}`.split("\n").filter((l) => l.startsWith("Error"));
      assert.deepEqual(errors, [], file);
    }

    // The same CT and the saved segmentation in a new page: the same voxels.
    await withPage(`${site.address}?lang=${lang}&gpu=cpu`, async (page) => {
      assert.equal(await openFiles(page, ct.files), "ready");
      await page.setInputFiles(id("open-files"), [files.seg]);
      await until(page, (n) => document.querySelectorAll('[data-testid="segment-item"]').length >= n, marked.length);
      const numbers = (all) => all.filter((s) => s.voxels > 0).map((s) => [s.voxels, s.mean]);
      assert.deepEqual(numbers(await segments(page)), numbers(marked));
      const resaved = validator("check_seg.py", await download(page, "export-seg", folderOut), ct.place);
      assert.deepEqual(resaved.problems, []);
      const slices = (judged) => Object.values(judged.segments).map((s) => s.slices);
      assert.deepEqual(slices(resaved), slices(seg), "saved again, each slice is the same");
    });
    // And its bundle, with what was said in the form.
    await withPage(`${site.address}?lang=${lang}&gpu=cpu`, async (page) => {
      assert.equal(await openFiles(page, [...ct.files, files.bundle]), "ready");
      await until(page, (n) => document.querySelectorAll('[data-testid="segment-item"]').length >= n, marked.length);
      const voxels = (all) => all.filter((s) => s.voxels > 0).map((s) => s.voxels);
      assert.deepEqual(voxels(await segments(page)), voxels(marked));
      await page.keyboard.press("Shift+R");
      await until(page, () => document.activeElement?.dataset.testid === "form-quality");
      assert.equal(await page.locator(id("form-comment")).inputValue(), WORDS);
    });
    fs.rmSync(folderOut, { recursive: true });
  });
}

test("a report saved after its segmentation refers to it", async () => {
  const folderOut = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-out-"));
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openDemonstration(page), "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
    const seg = await download(page, "export-seg", folderOut);
    // Nothing was changed between; the clock alone moved on.
    await page.waitForTimeout(1100);
    const sr = await download(page, "export-sr", folderOut);
    assert.deepEqual(validator("check_sr.py", sr, seg).problems, []);
  });
  fs.rmSync(folderOut, { recursive: true });
});

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
