// The report: numbers and pictures of a reading, printed without the page around it; tables and label maps saved.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { after, before } from "node:test";
import path from "node:path";
import { demonstrationFiles, id, openFiles, out, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

let site;
let demonstration;
before(async () => {
  site = await serve();
  demonstration = demonstrationFiles();
});
after(() => {
  site.close();
  fs.rmSync(demonstration.folder, { recursive: true });
});

const value = (page, name) =>
  page.waitForFunction((name) => Number(document.querySelector(`[data-testid="quantity-${name}"]`).dataset.value), name);
const saved = async (page, button) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(id(button))]);
  return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
};

for (const lang of ["en", "fr"]) {
  test(`a reading is reported, printed and saved (${lang})`, async () => {
    await withPage(`${site.address}?lang=${lang}`, async (page) => {
      assert.equal(await openFiles(page, demonstration.slices), "ready");
      await page.keyboard.press("l");
      await value(page, "lung-volume");
      await page.keyboard.press("k");
      await value(page, "lesion-volume");
      await page.keyboard.press("Shift+R");
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "form-quality");
      await page.keyboard.press("1");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Shift+P");
      await page.waitForSelector(id("report-sheet"));
      for (const picture of ["report-histogram", "report-profile", "report-zones"]) {
        assert.equal(await page.locator(id(picture)).isVisible(), true, picture);
      }
      await page.screenshot({ path: path.join(out, `report-${lang}.png`) });
      const csv = await saved(page, "export-csv");
      assert.equal(csv.name, "hilum-numbers.csv");
      assert.match(csv.bytes.toString("utf8"), /quantity,involvement,,/);
      assert.ok(JSON.parse((await saved(page, "export-json")).bytes).some((row) => row.kind === "form"));
      // On paper the report stands alone.
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator(id("pane-axial")).isVisible(), false);
      assert.equal(await page.locator(id("report-print")).isVisible(), false);
      assert.equal(await page.locator(id("report-sheet")).isVisible(), true);
      await page.screenshot({ path: path.join(out, `report-print-${lang}.png`) });
      await page.emulateMedia({ media: "screen" });
      await page.keyboard.press("Escape");
      const nifti = await saved(page, "export-nifti");
      assert.match(nifti.name, /^hilum-(anatomy|findings)\.nii\.gz$/);
      assert.deepEqual([...nifti.bytes.subarray(0, 2)], [0x1f, 0x8b]);
    });
  });
}
