// Archives and volumes that are no DICOM open like any files; what is wrong inside an archive stops nothing.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { PANES, all, data, demonstrationFiles, drawn, id, openFiles, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
let folder;
let slices;
before(async () => {
  site = await serve();
  ({ folder, slices } = demonstrationFiles());
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true });
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let n = 0; n < 8; n++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/// A ZIP archive of `[name, bytes, locked]`.
function zip(entries) {
  const pieces = [];
  const directory = [];
  let at = 0;
  for (const [name, bytes, locked] of entries) {
    const packed = deflateRawSync(bytes, { level: 1 });
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(locked ? 1 : 0, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), facts, rest, Buffer.from(name));
    const local = [Buffer.from("PK\x03\x04"), facts, Buffer.from(name), packed];
    pieces.push(...local);
    at += local.reduce((sum, piece) => sum + piece.length, 0);
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, central, end]);
}

/// A NIfTI-1 file: a ball of soft tissue in air, 64 × 64 × 40 voxels of 2 mm, its axes to the right, the front and the head.
function nifti() {
  const [columns, rows, planes] = [64, 64, 40];
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, columns, rows, planes, 1, 1, 1, 1].forEach((n, at) => header.writeInt16LE(n, 40 + 2 * at));
  header.writeInt16LE(4, 70);
  header.writeInt16LE(16, 72);
  [1, 2, 2, 2].forEach((mm, at) => header.writeFloatLE(mm, 76 + 4 * at));
  header.writeFloatLE(352, 108);
  header.writeInt16LE(1, 254);
  [
    [2, 0, 0, -64],
    [0, 2, 0, -64],
    [0, 0, 2, 100],
  ].forEach((row, r) => row.forEach((v, n) => header.writeFloatLE(v, 280 + 16 * r + 4 * n)));
  header.write("n+1\0", 344, "latin1");
  const voxels = Buffer.alloc(columns * rows * planes * 2);
  for (let k = 0, at = 0; k < planes; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at += 2)
        voxels.writeInt16LE(Math.hypot(i - 32, j - 32, k - 20) < 15 ? 40 : -1000, at);
  return Buffer.concat([header, voxels]);
}

test("an archive opens like its files; a locked entry and a cut archive are listed", async () => {
  const entries = slices.map((file) => [`étude/ct/${path.basename(file)}`, fs.readFileSync(file)]);
  const [whole, cut] = ["study.zip", "cut.zip"].map((f) => path.join(folder, f));
  const bytes = zip([...entries, ["__MACOSX/._ct", Buffer.from("clutter")], ["notes.txt", Buffer.from("secret"), true]]);
  fs.writeFileSync(whole, bytes);
  fs.writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openFiles(page, [whole, cut]), "ready");
    const status = await data(page, "status");
    assert.deepEqual([+status.loaded, +status.total], [slices.length, slices.length]);
    const problems = (await all(page, "error-item")).map((e) => e.text);
    assert.equal(problems.length, 2, JSON.stringify(problems));
    assert.ok(problems.some((p) => p.includes("study.zip/notes.txt") && p.includes("password")));
    assert.ok(problems.some((p) => p.includes("cut.zip") && p.includes("damaged")));
    assert.equal((await all(page, "geometry-item")).length, 0);
    await drawn(page, PANES.slice(0, 3));
    assert.deepEqual(troubles, []);
  });
});

test("a gzipped NIfTI opens, alone and from an archive, and hands nothing over", async () => {
  const [alone, archive] = ["ball.nii.gz", "balls.zip"].map((f) => path.join(folder, f));
  const volume = nifti();
  fs.writeFileSync(alone, gzipSync(volume));
  volume.writeInt16LE(-999, 352);
  fs.writeFileSync(archive, zip([["balls/other.nii", volume]]));
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    for (const [n, file] of [alone, archive].entries()) {
      assert.equal(await openFiles(page, [file]), "ready");
      const status = await data(page, "status");
      assert.deepEqual([+status.loaded, +status.total], [40, 40]);
      assert.equal((await all(page, "series-item")).length, n + 1);
      assert.match((await all(page, "geometry-item")).map((g) => g.text).join(), /not DICOM/);
      await drawn(page, PANES.slice(0, 3));
      // The ball's middle, in the patient's coordinates: LPS.
      const box = await page.locator(id("pane-axial")).boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.waitForFunction(() => document.querySelector('[data-testid="probe"]')?.dataset.hu === "40");
      const probe = await data(page, "probe");
      assert.ok(Math.hypot(+probe.x, +probe.y) < 4 && Math.abs(+probe.z - 140) < 4, JSON.stringify(probe));
      await page.click(id("export-seg"));
      await page.waitForFunction(() => /not opened from DICOM/.test(document.querySelector('[data-testid="notice"]').textContent));
    }
    assert.deepEqual(await all(page, "error-item"), []);
    assert.deepEqual(troubles, []);
  });
});
