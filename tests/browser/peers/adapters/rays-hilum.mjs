// Hilum in the 3D comparison: at rest after each turn, when all of the picture is sampled in full as the other viewers sample each frame.
// Opacity of its transfer function is of one mm, and is turned into that of a step: the points are typed as they are. Its full
// step is the finest voxel spacing (0.7 mm here); only a picture that moves is sampled more coarsely. Soft shadows come with the full one.
import hilum from "./hilum.mjs";
import { FRAME_MS, LIMIT_MS, POINTS, SIZE_PX, TURN_DEG } from "../pages/rays.mjs";

const id = (name) => `[data-testid="${name}"]`;

/// A drag of one px turns by a hundredth of a radian; a pointer moves by whole ones.
const pxOf = (degrees) => Math.round((degrees * Math.PI) / 1.8);

const instrument = () => {
  // Bands of the 3D picture, which is put together from them: width in samples, and when each was handed to the GPU. What the processor
  // draws comes as a whole, when it is drawn.
  const bands = [];
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...at) {
    bands.push({ width: image.width, y: 0, height: image.height, at: performance.now() });
    return put.call(this, image, ...at);
  };
  const cut = GPURenderPassEncoder.prototype.setScissorRect;
  GPURenderPassEncoder.prototype.setScissorRect = function (x, y, width, height) {
    bands.push({ width, y, height, at: performance.now() });
    return cut.call(this, x, y, width, height);
  };
  window.hilumRays = { bands };
};

/// The 3D pane alone, of the wanted size.
async function alone(page) {
  await page.locator(id("pane-volume")).hover();
  await page.keyboard.press("m");
  // The bars about it may take other rows at another width.
  for (let n = 0; n < 10; n++) {
    await page.waitForTimeout(1000);
    const { width, height } = await page.locator(id("pane-volume")).boundingBox();
    const now = page.viewportSize();
    const wanted = { width: Math.round(now.width + SIZE_PX - width), height: Math.round(now.height + SIZE_PX - height) };
    if (wanted.width === now.width && wanted.height === now.height) return;
    await page.setViewportSize(wanted);
  }
  throw new Error("the 3D pane does not take the wanted size");
}

/// The curve of the preset goes to two points; the others are put between them. Each step is waited for: the page's words follow it.
async function type(page) {
  const all = page.locator(id("transfer-point"));
  const point = (n) => page.locator(`${id("transfer-point")}[data-point="${n}"]`);
  const count = (n) => page.waitForFunction(([points, n]) => document.querySelectorAll(points).length === n, [id("transfer-point"), n]);
  const select = async (n) => {
    await point(n).focus();
    await page.waitForFunction((points) => document.activeElement.matches(`${points}[aria-pressed="true"]`), id("transfer-point"));
  };
  const put = (name, value) =>
    page.locator(id(name)).evaluate((input, value) => {
      input.value = value;
      input.dispatchEvent(new Event(input.type === "color" ? "input" : "change", { bubbles: true }));
    }, String(value));
  const fill = async (n, { hu, perMm, colour }) => {
    const is = (what) =>
      page.waitForFunction(
        ([selector, what]) => {
          const { dataset } = document.querySelector(selector);
          return Object.entries(what).every(([name, value]) => Math.abs(dataset[name] - value) < 1e-3);
        },
        [`${id("transfer-point")}[data-point="${n}"]`, what],
      );
    await put("transfer-hu", hu);
    await is({ hu });
    await put("transfer-opacity", perMm);
    await is({ hu, opacity: perMm });
    await put("transfer-colour", colour);
  };
  await page.click(id("transfer-editor"));
  await all.first().waitFor();
  for (let n = await all.count(); n > 2; n--) {
    await select(1);
    await page.keyboard.press("Delete");
    await count(n - 1);
  }
  // A point goes no farther than its neighbours: the ends come first.
  for (const [n, wanted] of [[0, POINTS[0]], [1, POINTS.at(-1)]]) {
    await select(n);
    await fill(n, wanted);
  }
  for (let n = 1; n < POINTS.length - 1; n++) {
    await select(n - 1);
    await page.keyboard.press("Insert");
    await count(n + 2);
    await select(n);
    await fill(n, POINTS[n]);
  }
  await page.click(id("transfer-editor"));
}

/// Turns, frame by frame, in the page. `rests`: each frame is let go and waited for in full.
const turn = async ({ n, rests, stepsPx, frameMs, limitMs }) => {
  const { find, timed, measured, pointer, strokes } = window.hilumBench.tools;
  const { bands } = window.hilumRays;
  const pane = find("pane-volume");
  const badge = pane.querySelector(".bottom-left");
  const box = pane.getBoundingClientRect();
  const y = box.top + box.height / 2;
  let x = box.left + 20;
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  // It looks now and then: to look all the time would take the processor from what draws.
  const until = async (test) => {
    for (const begun = performance.now(); !test(); await pause(10)) {
      if (performance.now() - begun > frameMs) throw new Error("the frame took too long");
    }
  };
  const frames = () => strokes("hilum:frame");
  const [full, reductions] = [[], []];
  const drawn = (ended) => {
    reductions.push(Math.round(box.width / Math.min(...bands.map((b) => b.width))));
    // What puts a picture on the canvas is as high as the pane; a band of it is not.
    const whole = bands.find((b) => b.width === box.width && b.y === 0 && b.height < box.height);
    const put = bands.findIndex((b) => b.width === box.width && b.height === box.height);
    if (whole) full.push(ended - whole.at);
    else if (put > 0) full.push(bands[put].at - bands[put - 1].at);
  };
  const released = async (px) => {
    const before = frames();
    bands.length = 0;
    const begun = performance.now();
    pointer(pane, "pointerdown", x, y, 1);
    x += px;
    pointer(pane, "pointermove", x, y, 1);
    pointer(pane, "pointerup", x, y, 0);
    let seen = false;
    await until(() => {
      seen ||= !badge.hidden;
      return badge.hidden && (seen || frames() > before);
    });
    const ended = performance.now();
    drawn(ended);
    return ended - begun;
  };
  const held = async (px) => {
    const before = frames();
    bands.length = 0;
    x += px;
    const took = await timed(() => pointer(pane, "pointermove", x, y, 1), () => frames() > before, frameMs);
    drawn(performance.now());
    return took;
  };
  await until(() => badge.hidden);
  await pause(1000);
  let ms = [];
  if (rests) {
    const begun = performance.now();
    for (let i = 0; i < n && performance.now() - begun < limitMs; i++) ms.push(await released(stepsPx[i]));
  } else {
    pointer(pane, "pointerdown", x, y, 1);
    ms = await measured(n, limitMs, (i) => held(stepsPx[i]));
    pointer(pane, "pointerup", x, y, 0);
  }
  const notes = [`pane ${box.width}x${box.height}, ratio ${devicePixelRatio}`];
  notes.push(`coarsest sampling of each frame: 1/${reductions.join(" 1/")}`);
  if (rests) notes.push(`the full picture alone, ms: ${full.map((v) => v.toFixed(0)).join(" ") || "at once"}`);
  return { ms, notes };
};

export const rays = (name, rests) => ({
  ...hilum,
  name,
  viewport: { width: 1012, height: 616 },
  scroll: undefined,
  brush: undefined,
  async open(page, base) {
    await page.addInitScript(instrument);
    await hilum.open.call(this, page, base);
  },
  async volume3d(page, n) {
    await page.evaluate(() => window.hilumBench.draws());
    await alone(page);
    await type(page);
    // The whole turn is by degrees, whatever px are rounded to.
    const at = Array.from({ length: n + 1 }, (_, i) => pxOf(i * TURN_DEG));
    const stepsPx = at.slice(1).map((px, i) => px - at[i]);
    const outcome = await page.evaluate(turn, { n, rests, stepsPx, frameMs: FRAME_MS, limitMs: LIMIT_MS });
    // The picture that is kept as proof is the full one.
    const badge = `${id("pane-volume")} .bottom-left`;
    await page.waitForFunction((badge) => document.querySelector(badge).hidden, badge, { timeout: FRAME_MS });
    return outcome;
  },
});
export default rays("rays-hilum", true);
