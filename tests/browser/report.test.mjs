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

test("the longest reading prints on one page", async () => {
  await withPage(`${site.address}?lang=fr`, async (page) => {
    assert.equal(await openFiles(page, demonstration.slices), "ready");
    await page.keyboard.press("l");
    await value(page, "lung-volume");
    await page.keyboard.press("k");
    await value(page, "lesion-volume");
    await page.keyboard.press("Shift+R");
    await page.waitForFunction(() => document.activeElement?.dataset.testid === "form-quality");
    // Every field, all choices where several are taken, else the last; as long a comment as is taken.
    for (let key = ""; key !== "form-role"; ) {
      const row = await page.evaluate(() => {
        const e = document.activeElement;
        const digits = [...e.querySelectorAll("button kbd")].map((k) => k.textContent);
        return { key: e.dataset.testid, several: e.getAttribute("role") === "group", digits };
      });
      key = row.key;
      if (key === "form-comment") await page.keyboard.insertText("un commentaire long du lecteur ".repeat(33));
      else if (!row.digits.length) await page.keyboard.type({ "form-height": "170", "form-thickness": "1" }[key] ?? "31");
      else for (const digit of row.several ? row.digits : row.digits.slice(-1)) await page.keyboard.press(digit);
      if (!row.digits.length || row.several) await page.keyboard.press("Enter");
    }
    await page.waitForFunction(() => /^(\d+) \D+ \1 /.test(document.querySelector('[data-testid="form-answered"]').textContent));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+P");
    await page.waitForSelector(id("report-sheet"));
    assert.match(await page.locator(id("report-sheet")).textContent(), /Compte rendu du \d/);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    fs.writeFileSync(path.join(out, "report.pdf"), pdf);
    assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length, 1);
  });
});
