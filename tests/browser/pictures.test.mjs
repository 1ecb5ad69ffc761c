// Pictures saved on this computer, and the editor of colours and opacities, by mouse and by key.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { data, drawn, id, openDemonstration, out, readPicture, segments, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

/// Without a GPU a 3D picture takes as long as it has px.
const SMALL = { viewport: { width: 1000, height: 640 } };

let site;
let folder;
before(async () => {
  site = await serve();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-pictures-"));
});
after(() => {
  site.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const hover = async (page, pane) => {
  const box = await page.locator(id(pane)).boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.4);
};

/// Saves the picture of the pane under the pointer; its name and bytes.
const shot = async (page, key, name) => {
  const [offered] = await Promise.all([page.waitForEvent("download"), page.keyboard.press(key)]);
  const file = path.join(out, `${name}.png`);
  await offered.saveAs(file);
  return { name: offered.suggestedFilename(), bytes: fs.readFileSync(file) };
};

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`a picture of each pane, with and without annotations (${gpu})`, async () => {
    await withPage(`${site.address}?lang=fr&gpu=${gpu}`, async (page, { requests, troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await drawn(page, ["pane-axial", "pane-coronal"]);
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      const asked = requests.length;
      for (const pane of ["axial", "coronal", "volume"]) {
        const box = await page.locator(id(`pane-${pane}`)).boundingBox();
        await hover(page, `pane-${pane}`);
        const taken = [await shot(page, "Shift+C", `saved-${gpu}-${pane}`), await shot(page, "Shift+X", `saved-${gpu}-${pane}-plain`)];
        const [annotated, plain] = await Promise.all(taken.map((t) => readPicture(page, t.bytes)));
        assert.match(taken[0].name, /^hilum-(axial|coronal|3d)-\d{8}-\d{6}\.png$/);
        for (const picture of [annotated, plain]) {
          assert.ok(Math.abs(picture.width - box.width) <= 1 && Math.abs(picture.height - box.height) <= 1);
          assert.ok(picture.spread > 10, `${pane}: grey deviates by ${picture.spread}`);
        }
        if (pane !== "volume") {
          assert.ok(annotated.coloured > 300, `${pane}: ${annotated.coloured} px of lines, letters and segments`);
          assert.ok(plain.coloured === 0, `${pane}: ${plain.coloured} px have colour without annotations`);
        }
      }
      // Nothing but blob addresses of this page.
      assert.deepEqual(requests.slice(asked).filter((r) => !r.url.startsWith("blob:")), []);
      assert.deepEqual(troubles, []);
      assert.ok((await segments(page)).length >= 2);
    });
  });
}

for (const gpu of ["webgpu", "webgl2", "cpu"]) {
  test(`colours and opacities are edited and the 3D picture follows (${gpu})`, async () => {
    await withPage(`${site.address}?lang=en&gpu=${gpu}`, async (page, { troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await page.keyboard.press("d");
      await page.selectOption(id("volume-style"), { label: "Bone" });
      await drawn(page, ["pane-volume"]);
      await page.keyboard.press("Shift+H");
      await page.waitForSelector(id("transfer"));
      const points = async () => +(await data(page, "transfer")).points;
      const before = await points();
      const plot = await page.locator(id("transfer-plot")).boundingBox();
      // Soft tissue becomes opaque: a click adds a point, the drag goes on with it.
      const at = (hu, up) => [plot.x + plot.width * ((hu + 1024) / 4095), plot.y + plot.height * (1 - up)];
      await page.mouse.move(...at(0, 0.2));
      await page.mouse.down();
      await page.mouse.move(...at(20, 0.7), { steps: 5 });
      await page.mouse.up();
      assert.equal(await points(), before + 1);
      const chosen = () => page.locator(`${id("transfer-point")}.selected`).evaluate((e) => ({ ...e.dataset }));
      const dragged = await chosen();
      assert.ok(Math.abs(+dragged.hu - 20) < 15 && Math.abs(Math.cbrt(+dragged.opacity) - 0.7) < 0.03, JSON.stringify(dragged));
      await page.locator(id("transfer-colour")).fill("#40c0ff");
      // By key: to the right by 1 and by 20, up, one more point, and it goes again.
      await page.locator(`${id("transfer-point")}.selected`).focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("ArrowUp");
      await until(page, (hu) => +document.querySelector('[data-testid="transfer-point"].selected').dataset.hu === hu, +dragged.hu + 21);
      await until(page, (was) => +document.querySelector('[data-testid="transfer-point"].selected').dataset.opacity > was, +dragged.opacity);
      await page.keyboard.press("Insert");
      await until(page, (n) => +document.querySelector('[data-testid="transfer"]').dataset.points === n, before + 2);
      await page.keyboard.press("Delete");
      await until(page, (n) => +document.querySelector('[data-testid="transfer"]').dataset.points === n, before + 1);
      await page.locator(id("transfer-point")).nth(1).click();
      await until(page, () => document.querySelector('[data-testid="transfer-point"].selected').dataset.point === "1");
      await page.locator(id("transfer-hu")).fill("-20");
      await page.locator(id("transfer-hu")).press("Enter");
      await page.waitForTimeout(3000);
      await page.screenshot({ path: path.join(out, `transfer-${gpu}.png`) });
      // Skin of that colour fills the picture where there were bones only.
      const blue = async (name) => {
        await hover(page, "pane-volume");
        // Not typed into the field that was filled last.
        await page.locator(id("pane-volume")).focus();
        const { bytes } = await shot(page, "Shift+X", `transfer-${gpu}-${name}`);
        return (await readPicture(page, bytes)).blue;
      };
      const edited = await blue("edited");
      assert.ok(edited > 6_000, `${edited} px are blue`);
      await page.click(id("transfer-reset"));
      await until(page, () => document.querySelector('[data-testid="transfer"]').dataset.edited === "false");
      assert.ok((await blue("reset")) < edited / 4);
      await page.keyboard.press("Shift+H");
      await page.waitForSelector(id("transfer"), { state: "detached" });
      assert.deepEqual(troubles, []);
    }, undefined, SMALL);
  });
}

test("a turn of the 3D picture is saved as pictures, and stopped", { timeout: 900_000 }, async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await page.setViewportSize({ width: 860, height: 480 });
    assert.equal(await openDemonstration(page), "ready");
    await drawn(page, ["pane-volume"]);
    await page.click(id("turntable"));
    await until(page, () => /[1-9]\d? %/.test(document.body.innerText.match(/Turn of the 3D picture[^.]*/)?.[0] ?? ""));
    await page.screenshot({ path: path.join(out, "turntable-goes.png") });
    await page.keyboard.press("Escape");
    await until(page, () => document.querySelector('[data-testid="turntable"]').getAttribute("aria-pressed") === "false");

    await page.click(id("picture-menu"));
    await page.selectOption(id("turntable-frames"), "36");
    await page.keyboard.press("Escape");
    const [offered] = await Promise.all([page.waitForEvent("download", { timeout: 800_000 }), page.click(id("turntable"))]);
    assert.match(offered.suggestedFilename(), /^hilum-3d-\d{8}-\d{6}\.zip$/);
    const file = path.join(folder, "turn.zip");
    await offered.saveAs(file);
    const bytes = fs.readFileSync(file);
    // Entries of its directory, and the pictures themselves, which are stored as they are.
    const count = (mark) => bytes.toString("latin1").split(mark).length - 1;
    assert.equal(count("PK\x01\x02"), 36);
    assert.equal(count("\x89PNG\r\n\x1a\n"), 36);
    const pictures = bytes.toString("latin1").split("PK\x03\x04").slice(1);
    const png = (n) => {
      const text = pictures[n];
      return Buffer.from(text.slice(text.indexOf("\x89PNG"), text.indexOf("IEND") + 8), "latin1");
    };
    for (const n of [0, 9]) fs.writeFileSync(path.join(out, `turntable-${n}.png`), png(n));
    assert.ok(!png(0).equals(png(9)), "it turns");
    assert.ok((await readPicture(page, png(9))).spread > 6);
    assert.deepEqual(troubles, []);
  });
});
