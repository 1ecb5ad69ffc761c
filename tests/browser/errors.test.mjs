// Bad input is named with its reason and stops nothing.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, demonstrationFiles, id, openFiles, withPage } from "./page.mjs";
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

test("files that are not DICOM, empty or cut are listed and the rest opens", async () => {
  const [text, empty, cut] = ["notes.txt", "empty.dcm", "cut.dcm"].map((f) => path.join(folder, f));
  fs.writeFileSync(text, "<b>no DICOM</b> <script>alert(1)</script>");
  fs.writeFileSync(empty, "");
  fs.writeFileSync(cut, fs.readFileSync(slices[5]).subarray(0, 60_000));
  const good = slices.filter((_, n) => n !== 5);
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, [text, ...good, empty, cut]), "ready");
    const problems = (await all(page, "error-item")).map((e) => e.text);
    for (const name of ["notes.txt", "empty.dcm", "cut.dcm"]) {
      assert.equal(problems.filter((p) => p.includes(name)).length, 1, `${name} in ${JSON.stringify(problems)}`);
    }
    const status = await data(page, "status");
    assert.equal(+status.loaded, good.length);
    assert.equal(+status.total, slices.length, "the slice that could not be decoded is missing, not squeezed out");
    assert.equal((await all(page, "series-item")).length, 1);
  });
});

test("nothing to open is said", async () => {
  const text = path.join(folder, "only.txt");
  fs.writeFileSync(text, "no DICOM");
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, [text]), "error");
    assert.match(await page.locator(id("notice")).innerText(), /No CT series/);
  });
});

test("a missing slice is reported and stays empty", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openFiles(page, slices.filter((_, n) => n !== 40)), "ready");
    assert.match((await all(page, "geometry-item")).map((g) => g.text).join(), /1 slice is missing/);
  });
});
