// How long a reader waits for a dab, another tool and undo on 512 × 512 × 600 voxels, in the browser, and whether an hour changes it:
//   node tests/browser/strokes.mjs [--slices 600] [--strokes 1500] [--gpu webgpu|webgl2|cpu]
// The CT is made here, a NIfTI of 300 MB. A dab is `hilum:stroke`: from the pointer event to the picture handed over. 1500 strokes are
// an hour's reading without its pauses: other slices, tools and undo between them, autosave after each. How much can be undone
// afterwards is found out by undoing it.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { held, id, openFiles, until, withPage } from "./page.mjs";
import { serve } from "./servers.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const slices = Number(option("slices", 600));
const strokes = Number(option("strokes", 1500));
const gpu = option("gpu", "");

/// Lungs in a body with noise, 0.7 mm voxels, as an uncompressed NIfTI (little endian, int16).
function nifti(file) {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, 512, 512, slices, 1, 1, 1, 1].forEach((n, at) => header.writeInt16LE(n, 40 + 2 * at));
  header.writeInt16LE(4, 70);
  header.writeInt16LE(16, 72);
  [1, 0.7, 0.7, 0.7].forEach((n, at) => header.writeFloatLE(n, 76 + 4 * at));
  header.writeFloatLE(352, 108);
  header.writeFloatLE(1, 112);
  header.writeUInt8(2, 123);
  header.writeInt16LE(1, 254);
  [-0.7, 0, 0, 179, 0, -0.7, 0, 179, 0, 0, 0.7, -0.35 * slices].forEach((n, at) => header.writeFloatLE(n, 280 + 4 * at));
  header.write("n+1\0", 344, "latin1");
  const to = fs.openSync(file, "w");
  fs.writeSync(to, header);
  const plane = new Int16Array(512 * 512);
  for (let k = 0, random = 7; k < slices; k++) {
    const z = ((k - slices / 2) / (slices * 0.43)) ** 2;
    for (let n = 0; n < plane.length; n++) {
      random = (Math.imul(random, 1664525) + 1013904223) | 0;
      const [x, y] = [(n % 512) - 255.5, Math.floor(n / 512) - 255.5];
      const lung = ((Math.abs(x) - 100) / 80) ** 2 + (y / 120) ** 2 + z < 1;
      plane[n] = (lung ? -860 : 40) + (random >> 26);
    }
    fs.writeSync(to, Buffer.from(plane.buffer));
  }
  fs.closeSync(to);
}

const percentile = (ms, share) => [...ms].sort((a, b) => a - b)[Math.round((ms.length - 1) * share)];
const line = (name, ms) =>
  console.log(`${name.padEnd(44)} ${[0.5, 0.95, 1].map((s) => percentile(ms, s).toFixed(2).padStart(9)).join("")}   (${ms.length})`);

/// Milliseconds of the dabs since they were last asked for.
const dabs = (page) =>
  page.evaluate(() => {
    const ms = performance.getEntriesByName("hilum:stroke").map((m) => m.duration);
    performance.clearMeasures("hilum:stroke");
    return ms;
  });

async function stroke(page, box, n, moves) {
  const middle = [box.x + box.width * (0.35 + (n % 7) * 0.05), box.y + box.height * (0.4 + (n % 5) * 0.05)];
  const at = (m) => {
    const [angle, reach] = [(m / moves) * 6 * Math.PI, 6 + (45 * m) / moves];
    return [middle[0] + reach * Math.cos(angle), middle[1] + reach * Math.sin(angle)];
  };
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let m = 1; m < moves; m++) await page.mouse.move(...at(m));
  await page.mouse.up();
}

/// From a click until the page says so; what came before has been put on screen.
const clicked = async (page, name, shown) => {
  await page.waitForTimeout(500);
  return page.evaluate(
    async ([name, shown]) => {
      const done = new Function(`return ${shown}`);
      const begun = performance.now();
      document.querySelector(`[data-testid="${name}"]`).click();
      while (!done()) await new Promise((go) => requestAnimationFrame(go));
      return performance.now() - begun;
    },
    [name, shown],
  );
};
const pressed = (name) => `document.querySelector('[data-testid="${name}"]').getAttribute("aria-pressed") === "true"`;

const site = await serve();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-strokes-"));
try {
  const file = path.join(folder, "made.nii");
  nifti(file);
  await withPage(`${site.address}?lang=en${gpu ? `&gpu=${gpu}` : ""}`, async (page, { troubles }) => {
    const state = await openFiles(page, [file]);
    if (state !== "ready") throw new Error(`the CT does not open: ${state}`);
    console.log(`512 x 512 x ${slices}, drawn with ${await page.evaluate(() => document.body.dataset.gpu)}`);
    console.log(`${"ms".padEnd(44)}    median      p95      max`);
    await page.click(id("add-segment"));
    const box = await page.locator(id("pane-axial")).boundingBox();
    for (const [ball, radius, name] of [[false, 7, "disc of 10 px"], [true, 20, "ball of 20 mm"]]) {
      if (ball) await page.click(id("brush-ball"));
      await page.click(id("tool-brush"));
      await page.fill(id("brush-radius"), String(radius));
      await page.press(id("brush-radius"), "Enter");
      await stroke(page, box, 0, 20);
      await dabs(page);
      for (let n = 0; n < 4; n++) await stroke(page, box, n, 60);
      line(`a dab, ${name}`, await dabs(page));
    }
    const switches = [];
    for (let n = 0; n < 20; n++) {
      const tool = ["tool-eraser", "tool-brush", "tool-contour", "tool-push"][n % 4];
      switches.push(await clicked(page, tool, pressed(tool)));
    }
    line("another tool in hand", switches);
    const voxels = () => page.locator(id("segment-item")).first().getAttribute("data-voxels");
    const undos = [];
    for (let n = 0; n < 6; n++) {
      const before = await voxels();
      const changed = `document.querySelector('[data-testid="segment-item"]').dataset.voxels !== "${before}"`;
      undos.push(await clicked(page, n % 2 ? "redo" : "undo", changed));
    }
    line("undo and redo of a stroke of the ball", undos);
    await page.click(id("brush-ball"));
    await page.fill(id("brush-radius"), "5");
    await page.press(id("brush-radius"), "Enter");
    const parts = 5;
    let undone = 0;
    console.log(`${held().toFixed(0)} MiB before the first stroke of the hour`);
    for (let part = 0; part < parts && strokes > 0; part++) {
      for (let n = 0; n < strokes / parts; n++) {
        await page.keyboard.press(["b", "e", "Shift+N"][n % 3]);
        await page.keyboard.press(n % 80 < 40 ? "ArrowUp" : "ArrowDown");
        await stroke(page, box, n, 12);
        if (n % 7 === 6) await page.keyboard.press("Control+z");
      }
      await until(page, () => document.querySelector('[data-testid="autosave"]').dataset.state === "saved");
      line(`a dab, strokes up to ${((part + 1) * strokes) / parts}, ${held().toFixed(0)} MiB`, await dabs(page));
    }
    const more = () => page.evaluate((undo) => !document.querySelector(undo).disabled, id("undo"));
    for (; strokes > 0 && (await more()); undone++) await page.keyboard.press("Control+z");
    if (strokes > 0) console.log(`${undone} steps undone, ${await voxels()} voxels left, ${held().toFixed(0)} MiB`);
    if (troubles.length) throw new Error(troubles.join("\n"));
  });
} finally {
  site.close();
  fs.rmSync(folder, { recursive: true });
}
