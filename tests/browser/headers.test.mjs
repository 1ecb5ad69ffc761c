// The headers that the build writes are what real servers send, and the page lives with them.
import assert from "node:assert/strict";
import https from "node:https";
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, id, openDemonstration, until, withPage } from "./page.mjs";
import { dist, startOrthanc } from "./servers.mjs";
import { startCaddy, startNginx, startServingOrthanc } from "./web_servers.mjs";

let archive;
before(async () => (archive = await startOrthanc()));
after(() => archive.close());

const head = (address) =>
  new Promise((resolve, reject) => {
    const { get } = address.startsWith("https:") ? https : http;
    get(address, { rejectUnauthorized: false }, (answer) => {
      answer.resume().on("end", () => resolve({ status: answer.statusCode, headers: answer.headers }));
    }).on("error", reject);
  });

/// What is wrong with headers, by the rules that the HTTP Observatory grades with (github.com/mdn/mdn-http-observatory, 2024): the marks
/// taken off, and those added for what goes beyond.
function graded(headers, page) {
  const policy = Object.fromEntries((headers["content-security-policy"] ?? "").split(";").map((d) => d.trim().split(/\s+(.*)/s).slice(0, 2)));
  const marks = [];
  const mark = (points, what) => marks.push([points, what]);
  const scripts = policy["script-src"] ?? policy["default-src"] ?? "*";
  if (!headers["content-security-policy"]) mark(-25, "no policy");
  else if (/'unsafe-inline'|(^| )\*( |$)|(^| )(https?|data|blob):( |$)/.test(scripts)) mark(-20, "scripts of anywhere");
  else if (/'unsafe-eval'/.test(scripts)) mark(-10, "unsafe-eval");
  else if (/'unsafe-inline'/.test(policy["style-src"] ?? "")) mark(0, "unsafe styles");
  else mark(policy["default-src"] === "'none'" ? 10 : 5, "policy without anything unsafe");
  if (!/max-age=(\d{8,})/.test(headers["strict-transport-security"] ?? "")) mark(-20, "no HSTS");
  if (headers["x-content-type-options"] !== "nosniff") mark(-5, "sniffing");
  if (policy["frame-ancestors"]) mark(5, "frame-ancestors");
  else if (!headers["x-frame-options"]) mark(-20, "frames");
  if (/no-referrer|same-origin|strict-origin/.test(headers["referrer-policy"] ?? "")) mark(5, "no referrer");
  const scriptsOfPage = [...page.matchAll(/<script[^>]*>/g)].map((m) => m[0]);
  if (scriptsOfPage.every((s) => s.includes("integrity="))) mark(5, "integrity");
  if (headers["cross-origin-resource-policy"] === "same-origin") mark(10, "same-origin resources");
  if (headers["access-control-allow-origin"]) mark(-5, "shared with other origins");
  const lost = 100 + marks.filter(([p]) => p < 0).reduce((sum, [p]) => sum + p, 0);
  const score = lost < 90 ? lost : lost + marks.filter(([p]) => p > 0).reduce((sum, [p]) => sum + p, 0);
  const grades = [[100, "A+"], [90, "A"], [85, "A-"], [80, "B+"], [70, "B"], [65, "B-"], [60, "C+"], [50, "C"], [45, "C-"], [40, "D+"], [30, "D"], [25, "D-"]];
  return { score, grade: grades.find(([least]) => score >= least)?.[1] ?? "F", marks };
}

const page = () => fs.readFileSync(path.join(dist, "index.html"), "utf8");
const ownPolicy = () => page().match(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/)[1];

async function works(server, base, troublesAllowed) {
  await withPage(
    server.address,
    async (page, { requests, troubles }) => {
      assert.equal(await openDemonstration(page), "ready");
      await page.click(id("propose-lungs"));
      await until(page, () => document.querySelectorAll('[data-testid="segment-item"]').length >= 2);
      assert.deepEqual(requests.filter((r) => new URL(r.url).origin !== new URL(base).origin && !r.url.startsWith("blob:")), []);
      assert.deepEqual(troubles.filter((t) => !troublesAllowed.test(t)), []);
    },
    undefined,
    { ignoreHTTPSErrors: true },
  );
}

/// What stops a request that a worker makes to another origin.
async function stopsWorkers(base) {
  let said;
  await withPage(
    base,
    async (page) => {
      assert.equal(await openDemonstration(page), "ready");
      said = await page.workers()[0].evaluate(() => {
        const policy = new Promise((go) => addEventListener("securitypolicyviolation", (e) => go(e.effectiveDirective)));
        const network = fetch("https://elsewhere.example/").then(
          () => "nothing",
          () => new Promise((go) => setTimeout(() => go("no policy"), 2000)),
        );
        return Promise.race([policy, network]);
      });
    },
    undefined,
    { ignoreHTTPSErrors: true },
  );
  return said;
}

for (const [name, start] of [
  ["nginx", startNginx],
  ["Caddy", startCaddy],
]) {
  test(`${name} sends every header with everything, and the page works behind it`, async (t) => {
    const server = await start(archive);
    try {
      const hashed = fs.readdirSync(dist).find((f) => /-[0-9a-f]{8,16}\.js$/.test(f));
      assert.ok(hashed);
      for (const file of ["", "boot.js", "service_worker.js", "hilum-worker_bg.wasm", "config.json", hashed, "nothing-there"]) {
        const { status, headers } = await head(server.address + file);
        assert.equal(status, file === "nothing-there" ? 404 : 200, file);
        assert.equal(headers["content-security-policy"], `${ownPolicy()}; frame-ancestors 'none'`, file);
        for (const [header, value] of [
          ["x-content-type-options", /^nosniff$/],
          ["x-frame-options", /^DENY$/],
          ["referrer-policy", /^no-referrer$/],
          ["permissions-policy", /camera=\(\).*microphone=\(\).*usb=\(\)/],
          ["cross-origin-opener-policy", /^same-origin$/],
          ["cross-origin-resource-policy", /^same-origin$/],
          ["strict-transport-security", /^max-age=63072000$/],
          ["cache-control", file === hashed ? /immutable/ : /^no-cache$/],
        ]) {
          assert.match(headers[header] ?? "", value, `${header} of ${file}`);
        }
        assert.equal(headers["access-control-allow-origin"], undefined);
      }
      assert.equal((await head(`${server.address}hilum-worker_bg.wasm`)).headers["content-type"], "application/wasm");
      const { headers } = await head(server.address);
      const { score, grade, marks } = graded(headers, page());
      t.diagnostic(`${name}: ${grade} (${score}) ${marks.map(([p, what]) => `${p > 0 ? "+" : ""}${p} ${what}`).join(", ")}; Server: ${headers.server}`);
      assert.equal(grade, "A+");
      // The archive behind the same name answers through it.
      const studies = await head(`${server.address}dicom-web/studies?limit=1`);
      assert.equal(studies.status, 200);
      await works(server, server.address, /config\.json|Failed to load resource/);
      assert.equal(await stopsWorkers(server.address), "connect-src");
    } finally {
      server.close();
    }
  });
}

test("Orthanc serves the page, whose own policy holds; it sends no headers of the page's", async (t) => {
  const server = await startServingOrthanc();
  try {
    const { status, headers } = await head(server.address);
    assert.equal(status, 200);
    const { score, grade, marks } = graded(headers, page());
    t.diagnostic(`Orthanc alone: ${grade} (${score}) ${marks.map(([p, what]) => `${p} ${what}`).join(", ")}`);
    assert.equal(headers["content-security-policy"], undefined, "if it sends one, docs/deploy.md must say so");
    await works(server, server.address, /^$/);
    assert.equal(await stopsWorkers(server.address), "no policy", "if one stops them, docs/deploy.md must say so");
    // The policy is enforced without any header.
    await withPage(server.address, async (page) => {
      const refused = await page.evaluate(() => fetch("http://127.0.0.1:1/").then(() => "", (e) => e.message));
      assert.match(refused, /Content Security Policy|Failed to fetch/);
    });
  } finally {
    server.close();
  }
});

test("the grading finds what it must", () => {
  const good = { "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'", "strict-transport-security": "max-age=63072000", "x-content-type-options": "nosniff" };
  assert.equal(graded(good, "").grade, "A+");
  assert.equal(graded({}, "<script>").grade, "D");
  assert.ok(graded({ ...good, "content-security-policy": "script-src 'unsafe-inline'; frame-ancestors 'none'" }, "<script>").score <= 80);
});

test("no script starts that is not the page's own, and no markup that acts", async () => {
  const { serve } = await import("./servers.mjs");
  const site = await serve();
  try {
    await withPage(site.address, async (page) => {
      assert.equal(await openDemonstration(page), "ready");
      const outcome = await page.evaluate(async () => {
        const tried = {};
        const attempt = (name, act) => {
          try {
            act();
            tried[name] = "done";
          } catch (e) {
            tried[name] = e.constructor.name;
          }
        };
        const div = document.createElement("div");
        attempt("image with a handler", () => (div.innerHTML = "<img src=x onerror=alert(1)>"));
        attempt("script", () => (div.innerHTML = "<script>alert(1)<\/script>"));
        attempt("link", () => (div.innerHTML = '<a href="javascript:alert(1)">x</a>'));
        attempt("handler", () => (div.innerHTML = '<b onclick="alert(1)">x</b>'));
        attempt("handler in capitals", () => (div.innerHTML = '<B ONCLICK="alert(1)">x</B>'));
        attempt("style", () => (div.innerHTML = '<b style="color:red">x</b>'));
        attempt("plain", () => (div.innerHTML = '<b class="x">x</b>'));
        attempt("worker of elsewhere", () => new Worker("https://elsewhere.example/x.js"));
        attempt("worker of a blob", () => new Worker(URL.createObjectURL(new Blob(["1"]))));
        attempt("script's address", () => (document.createElement("script").src = "boot.js"));
        attempt("document", () => document.write("<iframe>"));
        return tried;
      });
      const { plain, ...refused } = outcome;
      assert.equal(plain, "done");
      assert.deepEqual(new Set(Object.values(refused)), new Set(["TypeError"]), JSON.stringify(refused));
      // A file whose name is markup is shown as text.
      await page.setInputFiles(id("open-files"), { name: "<img src=x onerror=document.title=1>.dcm", mimeType: "application/dicom", buffer: Buffer.from("no") });
      await page.waitForSelector(id("error-item"));
      assert.match((await all(page, "error-item"))[0].text, /<img src=x onerror/);
    });
  } finally {
    site.close();
  }
});

test("a program that was changed on the server does not start", async () => {
  const { serve } = await import("./servers.mjs");
  const site = await serve();
  const { chromium } = await import("playwright-core");
  try {
    for (const changed of ["boot.js", /hilum-app-[0-9a-f]+_bg\.wasm/, "hilum-worker_bg.wasm", /style-[0-9a-f]+\.css/]) {
      const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox"] });
      const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
      const said = [];
      page.on("console", (m) => said.push(m.text()));
      page.on("pageerror", (e) => said.push(e.message));
      await page.route(changed instanceof RegExp ? changed : `**/${changed}`, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: Buffer.concat([await answer.body(), Buffer.from("\n")]) });
      });
      await page.goto(site.address);
      for (let n = 0; n < 200 && !said.some((s) => /integrity|digest/i.test(s)); n++) await page.waitForTimeout(100);
      assert.ok(said.some((s) => /integrity|digest/i.test(s)), `${changed}: ${said}`);
      await page.waitForTimeout(1000);
      // Without its style or its workers the page says what is wrong; without its own program it does not start.
      const isProgram = !/style|worker/.test(String(changed));
      assert.equal(await page.evaluate(() => document.body.dataset.gpu === undefined), isProgram, `${changed}`);
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await browser.close();
    }
  } finally {
    site.close();
  }
});
