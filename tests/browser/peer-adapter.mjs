// Drives the page for the side-by-side measurements, by the names of the automation contract and its User Timing marks.
// A step ends when the GPU has drawn it: the queue that the page last submitted to is asked.

const instrument = () => {
  const nextFrame = window.requestAnimationFrame.bind(window);
  const cancelFrame = window.cancelAnimationFrame.bind(window);
  // Steps are not rounded up to the display's next tick: while they are measured, a frame comes as soon as it can.
  let atOnce = false;
  let waiting = [];
  let number = 1e9;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    const now = waiting;
    waiting = [];
    for (const [, draw] of now) draw(performance.now());
  };
  window.requestAnimationFrame = (draw) => {
    if (!atOnce) return nextFrame(draw);
    waiting.push([++number, draw]);
    if (waiting.length === 1) channel.port2.postMessage(0);
    return number;
  };
  window.cancelAnimationFrame = (id) => {
    if (id < 1e9) cancelFrame(id);
    waiting = waiting.filter(([n]) => n !== id);
  };

  let queue;
  let submitted = 0;
  if (window.GPUQueue) {
    const submit = GPUQueue.prototype.submit;
    GPUQueue.prototype.submit = function (...buffers) {
      queue = this;
      submitted += 1;
      return submit.apply(this, buffers);
    };
  }

  /// Slices that the processor draws are put on 2D canvases.
  const canvases = new Set();
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...image) {
    canvases.add(this);
    submitted += 1;
    return put.apply(this, image);
  };

  const find = (name) => document.querySelector(`[data-testid="${name}"]`);
  const until = async (test, patience) => {
    const begun = performance.now();
    while (!test()) {
      if (performance.now() - begun > patience) throw new Error("the step was not drawn");
      await new Promise((go) => nextFrameOrSoon(go));
    }
  };
  const soon = new MessageChannel();
  let goers = [];
  soon.port1.onmessage = () => goers.splice(0).forEach((go) => go());
  const nextFrameOrSoon = (go) => {
    goers.push(go);
    soon.port2.postMessage(0);
  };
  /// Milliseconds from an act until the page has shown its outcome, and the GPU has drawn it or a pixel of it was read back.
  const timed = async (act, shown, patience = 20_000) => {
    const before = submitted;
    const begun = performance.now();
    canvases.clear();
    act();
    await until(() => shown() && submitted > before, patience);
    for (const canvas of canvases) canvas.getImageData(0, 0, 1, 1);
    if (!canvases.size) await queue.onSubmittedWorkDone();
    return performance.now() - begun;
  };
  const measured = async (n, limit, step) => {
    const ms = [];
    const begun = performance.now();
    atOnce = true;
    try {
      for (let i = 0; i < n && performance.now() - begun < limit; i++) ms.push(await step(i));
    } finally {
      atOnce = false;
    }
    return ms;
  };
  const pointer = (pane, type, x, y, buttons) =>
    pane.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, buttons, pointerId: 1, isPrimary: true }));
  const strokes = (name) => performance.getEntriesByName(name).length;
  const set = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  window.hilumBench = {
    // For measurements of their own (peers/adapters/rays-hilum.mjs).
    tools: { find, timed, measured, pointer, strokes },
    draws: () => {
      if (!queue && document.body.dataset.gpu !== "cpu") throw new Error("neither WebGPU nor the processor draws");
    },
    scroll: (n) => {
      const pane = find("pane-axial");
      const box = pane.getBoundingClientRect();
      const [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2];
      return measured(n, 60_000, (i) => {
        const before = pane.dataset.slice;
        const roll = () =>
          pane.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX, clientY, deltaY: i < n / 2 ? 100 : -100 }));
        return timed(roll, () => pane.dataset.slice !== before);
      });
    },
    brush: async (n, radiusMm) => {
      find("add-segment").click();
      find("tool-brush").click();
      await until(() => find("segment-item") && find("brush-radius"), 5000);
      set(find("brush-radius"), radiusMm);
      const pane = find("pane-axial");
      const box = pane.getBoundingClientRect();
      const scale = Math.min(box.width, box.height) / 512;
      // A pointer moves by whole pixels: points of the spiral that share one are a single dab.
      const points = [];
      for (let i = 0; i < n; i++) {
        const [angle, radius] = [(i / n) * Math.PI * 6, 8 + (45 * i) / n];
        const column = 150 + radius * Math.cos(angle);
        const row = 250 + radius * Math.sin(angle);
        const x = Math.round(box.left + box.width / 2 + (column - 256) * scale);
        const y = Math.round(box.top + box.height / 2 + (row - 256) * scale);
        const [lastX, lastY] = points.at(-1) ?? [];
        if (x !== lastX || y !== lastY) points.push([x, y]);
      }
      pointer(pane, "pointermove", ...points[0], 0);
      pointer(pane, "pointerdown", ...points[0], 1);
      await new Promise((go) => setTimeout(go, 1000));
      const ms = await measured(points.length - 1, 20_000, (i) => {
        const before = strokes("hilum:stroke");
        return timed(() => pointer(pane, "pointermove", ...points[i + 1], 1), () => strokes("hilum:stroke") > before);
      });
      pointer(pane, "pointerup", ...points.at(-1), 0);
      await new Promise((go) => setTimeout(go, 500));
      const voxels = Number(find("segment-item").dataset.voxels);
      if (!voxels) throw new Error("nothing was painted");
      return { ms, notes: [`${voxels} voxels painted`] };
    },
    turn: async (n) => {
      const pane = find("pane-volume");
      const box = pane.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      pointer(pane, "pointermove", x, y, 0);
      pointer(pane, "pointerdown", x, y, 1);
      const ms = await measured(n, 25_000, (i) => {
        const before = strokes("hilum:frame");
        return timed(() => pointer(pane, "pointermove", x + 12 * (i + 1), y + 2 * i, 1), () => strokes("hilum:frame") > before);
      });
      pointer(pane, "pointerup", x, y, 0);
      return { ms, notes: [`pane ${box.width.toFixed(0)}x${box.height.toFixed(0)}, sampled more coarsely while it turns`] };
    },
  };
};

const step = (page, name, ...words) =>
  page.evaluate(
    async ([name, words]) => {
      try {
        window.hilumBench.draws();
        const result = await window.hilumBench[name](...words);
        return Array.isArray(result) ? { ms: result } : result;
      } catch (error) {
        return { error: String(error.message ?? error).slice(0, 400) };
      }
    },
    [name, words],
  );

/// Ten voxels of the measured series, whose pixels are 0.7 mm wide unless the page says otherwise.
const BRUSH_RADIUS_MM = 7;

export default {
  name: "hilum",
  url: "/",
  viewport: { width: 1560, height: 1120 },
  async open(page, base) {
    await page.addInitScript(instrument);
    const address = /^https?:/.test(this.url) ? this.url : base + this.url;
    await page.goto(address);
    await page.waitForFunction(() => document.body.dataset.gpu, null, { timeout: 60_000 });
  },
  async load(page, files, timeout) {
    await page.locator('[data-testid="open-files"]').setInputFiles(files);
    await page.waitForFunction(
      () => {
        const failed = document.querySelector('[data-testid="status"]').dataset.state === "error";
        return failed || performance.getEntriesByName("hilum:mpr").length > 0;
      },
      null,
      { timeout, polling: 100 },
    );
    return page.evaluate(() => {
      const at = (name) => performance.getEntriesByName(name).at(-1)?.startTime;
      const begun = at("hilum:files");
      const marks = { first: at("hilum:first-image") - begun, decoded: at("hilum:volume") - begun, mpr: at("hilum:mpr") - begun };
      if (!Number.isFinite(marks.mpr)) throw new Error(document.querySelector('[data-testid="status"]').textContent);
      return { marks, notes: [`drawn with ${document.body.dataset.gpu}`] };
    });
  },
  scroll: (page, n) => step(page, "scroll", n),
  brush: (page, n) => step(page, "brush", n, BRUSH_RADIUS_MM),
  volume3d: (page, n) => step(page, "turn", n),
  info: (page) => page.evaluate(() => ({ gpu: document.body.dataset.gpu, lang: document.body.dataset.lang })),
};
