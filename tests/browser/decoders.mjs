// How fast one worker turns files into HU in the browser: MB/s of voxels and the sum of all HU, as benches/decoders.rs says them of
// the native program. A part of `cargo xtask bench decoders`, with the bundle that lies in dist/. Files are read from their handles and
// voxels handed over to the page: both count.
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./servers.mjs";

const [FILES, PASSES] = [32, 5];
const place = process.argv[2];
const names = fs.statSync(place).isDirectory() ? fs.readdirSync(place).sort().map((name) => path.join(place, name)) : [place];

const site = await serve();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true });
try {
  const page = await browser.newPage();
  // A page of the same origin that may start a worker by its address.
  const blank = `${site.address}decoders.html`;
  await page.route(blank, (route) => route.fulfill({ contentType: "text/html", body: '<input type="file" multiple>' }));
  await page.goto(blank);
  await page.setInputFiles("input", names.slice(0, FILES));
  const [speed, sum] = await page.evaluate(async (passes) => {
    const worker = new Worker("worker_boot.js", { type: "module" });
    worker.postMessage({ module: await WebAssembly.compileStreaming(fetch("hilum-worker_bg.wasm")) });
    const decode = (file, id) =>
      new Promise((resolve, reject) => {
        worker.onerror = reject;
        worker.onmessage = ({ data }) => (data.error ? reject(new Error(JSON.stringify(data.error))) : resolve(new Int16Array(data.payloads[0].buffer)));
        worker.postMessage({ id, job: { Decode: { frame: 0 } }, files: [file] });
      });
    const files = [...document.querySelector("input").files];
    const speeds = [];
    let sum;
    for (let pass = 0; pass < passes; pass++) {
      const begun = performance.now();
      const decoded = [];
      for (const file of files) decoded.push(await decode(file, decoded.length));
      const seconds = (performance.now() - begun) / 1000;
      speeds.push(decoded.reduce((voxels, hu) => voxels + hu.length, 0) * 2e-6 / seconds);
      sum = decoded.reduce((all, hu) => hu.reduce((a, v) => a + v, all), 0);
    }
    return [speeds.sort((a, b) => a - b)[passes >> 1], sum];
  }, PASSES);
  console.log(`${speed.toFixed(1)} ${sum}`);
} finally {
  await browser.close();
  site.close();
}
