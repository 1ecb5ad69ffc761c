// Drives the page as its user would, by the names of the automation contract.
import { chromium } from "playwright-core";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export const here = import.meta.dirname;
export const root = path.resolve(here, "../..");
export const out = path.join(here, "out");
fs.mkdirSync(out, { recursive: true });

// The set that gives WebGPU, WebGL2 and visible canvases without a GPU.
const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-angle=swiftshader",
];
const PATIENCE = 120_000;

export const id = (name) => `[data-testid="${name}"]`;

/// A fresh browser on the page; `use` gets it, and everything it asked of the network is in `requests`. `early` runs in the page
/// before anything else does. Nothing is kept for offline use unless `settings` allow it: a test sees what its server sends.
export async function withPage(address, use, early, settings = {}) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: FLAGS });
  try {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 900 },
      locale: "en-GB",
      serviceWorkers: "block",
      ...settings,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    if (early) await page.addInitScript(early);
    const requests = [];
    const troubles = [];
    page.on("request", (r) => requests.push({ url: r.url(), method: r.method(), body: r.postDataBuffer() }));
    page.on("pageerror", (e) => troubles.push(`page error: ${e.message}`));
    page.on("console", (m) => m.type() === "error" && troubles.push(`console: ${m.text()}`));
    await page.goto(address);
    await page.waitForFunction(() => document.body.dataset.gpu);
    await use(page, { requests, troubles, context });
  } finally {
    await browser.close();
  }
}

export async function ready(page) {
  await page.waitForFunction(
    () => ["ready", "error"].includes(document.querySelector('[data-testid="status"]').dataset.state),
    null,
    { timeout: PATIENCE },
  );
  return page.locator(id("status")).getAttribute("data-state");
}

/// Does what opens something; the state the page comes to after it took it up, never the one from before.
export async function opening(page, act) {
  const before = await page.evaluate(() => performance.getEntriesByName("hilum:files").at(-1)?.startTime ?? -1);
  await act();
  // Each load clears the marks of the one before.
  await until(page, (then) => (performance.getEntriesByName("hilum:files").at(-1)?.startTime ?? -1) > then, before);
  await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
  return ready(page);
}

export const openFiles = (page, files) => opening(page, () => page.setInputFiles(id("open-files"), files));
export const openDemonstration = (page) => opening(page, () => page.click(id("open-demo")));

export const data = (page, name) => page.locator(id(name)).first().evaluate((e) => ({ ...e.dataset }));
export const all = (page, name) =>
  page.evaluate(
    (selector) => [...document.querySelectorAll(selector)].map((e) => ({ ...e.dataset, text: e.textContent })),
    id(name),
  );
export const segments = async (page) =>
  (await all(page, "segment-item")).map((s) => ({ ...s, number: +s.number, voxels: +s.voxels, ml: +s.ml }));

/// Waits until the page says something else than before, or the same for good.
export async function until(page, test, argument) {
  await page.waitForFunction(test, argument, { timeout: PATIENCE });
}

/// A closed loop about a place in a pane, given in parts of its size.
export async function loop(page, pane, [x, y], [rx, ry]) {
  const box = await page.locator(id(pane)).boundingBox();
  const at = (angle) => [box.x + box.width * x + rx * Math.cos(angle), box.y + box.height * y + ry * Math.sin(angle)];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let n = 1; n <= 32; n++) await page.mouse.move(...at((n / 32) * 2 * Math.PI));
  await page.mouse.up();
  await onScreen(page);
}

/// What was done last has been put on the page.
export const onScreen = (page) =>
  page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go)))));

export async function drag(page, pane, from, to) {
  const box = await page.locator(id(pane)).boundingBox();
  const at = ([x, y]) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 6 });
  await page.mouse.up();
  await onScreen(page);
}

export async function wheel(page, pane, steps) {
  const box = await page.locator(id(pane)).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let n = 0; n < Math.abs(steps); n++) await page.mouse.wheel(0, steps < 0 ? -100 : 100);
}

/// Saves what the button offers; its path.
export async function download(page, name, folder) {
  const [offered] = await Promise.all([page.waitForEvent("download"), page.click(id(name))]);
  const file = path.join(folder, offered.suggestedFilename());
  await offered.saveAs(file);
  return file;
}

/// The pixels of a PNG, in the page.
const pixelsOf = (page, bytes) =>
  page.evaluateHandle(async (picture) => {
    const image = new Image();
    // The page may not fetch data addresses, but an image may be one.
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  }, bytes.toString("base64"));

/// Width, height, and standard deviation of grey of a PNG, as a browser reads it; how many px have colour, are blue, are not dark.
export const readPicture = async (page, bytes) =>
  page.evaluate(({ data: px, width, height }) => {
    let [n, sum, squares, coloured, blue, bright] = [0, 0, 0, 0, 0, 0];
    for (let p = 0; p < px.length; p += 4) {
      n += 1;
      sum += px[p];
      squares += px[p] ** 2;
      blue += px[p + 2] - px[p] > 40;
      bright += px[p] > 60;
      coloured += Math.max(px[p], px[p + 1], px[p + 2]) - Math.min(px[p], px[p + 1], px[p + 2]) > 40;
    }
    const spread = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
    return { width, height, spread, coloured, blue, bright };
  }, await pixelsOf(page, bytes));

/// How far apart two PNGs of one size are: levels on average, and the share of px of which a channel is more than 8 levels apart.
export const apart = async (page, ...pictures) =>
  page.evaluate(
    ([{ data: a }, { data: b }]) => {
      if (a.length !== b.length) throw new Error("pictures of two sizes");
      let [sum, far] = [0, 0];
      for (let p = 0; p < a.length; p += 4) {
        const off = [0, 1, 2].map((c) => Math.abs(a[p + c] - b[p + c]));
        sum += Math.max(...off);
        far += Math.max(...off) > 8;
      }
      return { levels: sum / (a.length / 4), far: far / (a.length / 4) };
    },
    await Promise.all(pictures.map((picture) => pixelsOf(page, picture))),
  );

/// Standard deviation of grey over a pane as it is on screen, its writing left out: near 0 means nothing was drawn.
export async function spread(page, pane) {
  const box = await page.locator(id(pane)).boundingBox();
  const clip = { x: box.x + box.width * 0.2, y: box.y + box.height * 0.2, width: box.width * 0.6, height: box.height * 0.6 };
  return (await readPicture(page, await page.screenshot({ clip }))).spread;
}

/// All four panes are drawn; the 3D picture may take a while where no GPU draws it.
export async function drawn(page, panes) {
  for (const pane of panes) {
    let seen = 0;
    for (let n = 0; n < 60 && seen <= 6; n++) {
      seen = await spread(page, pane);
      if (seen <= 6) await page.waitForTimeout(500);
    }
    if (seen <= 6) throw new Error(`${pane} shows nothing (grey deviates by ${seen.toFixed(1)})`);
  }
}

/// Pairs of words, letters and buttons over a pane that stand on each other.
export const overprinted = (page) =>
  page.evaluate(() => {
    const rects = (mark) => {
      const words = document.createRange();
      words.selectNodeContents(mark);
      return mark.matches("button") ? [mark.getBoundingClientRect()] : [...words.getClientRects()];
    };
    const meet = (a, b) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
    const name = (mark) => mark.textContent.trim() || mark.title || mark.className;
    return [...document.querySelectorAll(".pane")].flatMap((pane) => {
      const marks = [...pane.querySelectorAll(".text, .letter, .scale, .volume-tools button")];
      return marks.flatMap((a, n) =>
        marks.slice(n + 1).filter((b) => rects(a).some((r) => rects(b).some((s) => meet(r, s)))).map((b) => `${name(a)} | ${name(b)}`),
      );
    });
  });

export const PANES = ["pane-axial", "pane-coronal", "pane-sagittal", "pane-volume"];

/// The demonstration's slices as files in a new folder, which is the caller's to remove.
export function demonstrationFiles() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-demonstration-"));
  execFileSync("cargo", ["run", "--quiet", "--example", "fixtures", "--", folder], { cwd: root });
  return { folder, slices: fs.readdirSync(folder).sort().map((f) => path.join(folder, f)) };
}

/// Files of a real series; where there are none the test says so, and fails where they must be.
export function series(test, folder) {
  const base = process.env.HILUM_TEST_DATA ?? path.resolve(root, "../shared/data");
  const place = path.join(base, folder);
  if (fs.existsSync(place)) {
    const walk = (d) =>
      fs.readdirSync(d, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(d, e.name)) : [path.join(d, e.name)]));
    // What lies beside the images says of itself that it is none.
    const files = walk(place).filter((f) => !/\.(txt|xml|gz|tsv|md|vvi)$/.test(f)).sort();
    if (files.length === 0) throw new Error(`${place} holds no images`);
    return { place, files };
  }
  if (process.env.CI === "true") throw new Error(`${place} is not there, and this run must have it`);
  test.skip(`${place} is not there`);
  return null;
}

/// Memory that the processes of this test's browser hold, each shared page counted once, MiB; of those of one type, where it is named.
export function held(type = "") {
  const parents = new Map();
  for (const pid of fs.readdirSync("/proc").filter((p) => /^\d+$/.test(p))) {
    const stat = read(`/proc/${pid}/stat`);
    parents.set(pid, /\) \S (\d+)/.exec(stat)?.[1]);
  }
  const isOurs = (pid) => pid !== undefined && (pid === String(process.pid) || isOurs(parents.get(pid)));
  let kib = 0;
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const command = read(`/proc/${pid}/cmdline`);
    if (!command.includes("chrom") || (type && !command.includes(`--type=${type}`))) continue;
    kib += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  }
  if (kib === 0) throw new Error("no browser is found");
  return kib / 1024;
}

/// Of a process that may end meanwhile.
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
