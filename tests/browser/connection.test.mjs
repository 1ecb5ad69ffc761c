// The connection test, against servers that misbehave in each way: it names what is wrong and the setting that cures it.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, id, out, withPage } from "./page.mjs";
import { freePort, serve, startOrthanc } from "./servers.mjs";
import { certificate } from "./web_servers.mjs";

let archive;
let folder;
const open = [];
before(async () => {
  archive = await startOrthanc();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-connection-"));
});
after(() => {
  open.forEach((server) => server.close());
  archive.close();
  fs.rmSync(folder, { recursive: true });
});

/// A server of another origin that sets these headers, and answers as told; `null` cuts the line.
async function elsewhere({ secure = false, origin = true, headers = "Accept, Authorization, Content-Type", preflight = 204, credentials = false, answer }) {
  const { key, cert } = secure ? certificate(folder) : {};
  const respond = (request, response) => {
    if (origin) {
      response.setHeader("access-control-allow-origin", credentials ? request.headers.origin ?? "*" : "*");
      if (credentials) response.setHeader("access-control-allow-credentials", "true");
    }
    if (request.method === "OPTIONS") {
      response.setHeader("access-control-allow-methods", "GET, POST, PUT");
      if (headers) response.setHeader("access-control-allow-headers", headers);
      return response.writeHead(preflight).end();
    }
    const told = answer(request);
    if (told === null) return request.socket.destroy();
    const [status, kind = "application/dicom+json", more = {}] = told;
    if (status === 413) return response.writeHead(413, { connection: "close" }).end();
    request.resume().on("end", () => response.writeHead(status, { "content-type": kind, ...more }).end(status === 204 ? "" : "[]"));
  };
  const server = secure ? https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, respond) : http.createServer(respond);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return `${secure ? "https" : "http"}://127.0.0.1:${server.address().port}`;
}

async function tested(site, lang, prefix = "connection-hospital", fill = async () => {}) {
  let outcome;
  await withPage(`${site.address}?lang=${lang}`, async (page) => {
    await page.click(id("connection-test"));
    await fill(page);
    await page.click(id(`${prefix}-test`));
    await page.waitForSelector(`${id("connection")}[data-state="fine"], ${id("connection")}[data-state="fault"]`);
    const { state, fault } = await data(page, "connection");
    const checks = Object.fromEntries((await all(page, "connection-check")).map((c) => [c.check, c.state]));
    const cure = await page.locator(id("connection-cure")).textContent();
    const ledger = (await all(page, "ledger-entry")).filter((l) => l.kind === "test");
    outcome = { state, fault, checks, cure, ledger };
    await page.screenshot({ path: path.join(out, `connection-${fault ?? "fine"}-${lang}.png`) });
  });
  return outcome;
}

const stores = (request) => request.method !== "GET";
const large = (request) => +request.headers["content-length"] > 1e6;

const CASES = [
  ["cors", { origin: false, answer: () => [200] }, {}, /Access-Control-Allow-Origin/],
  ["cors-headers", { headers: "Accept, Content-Type", answer: () => [200] }, { authentication: "bearer" }, /OPTIONS/],
  ["cors-headers", { preflight: 401, answer: () => [200] }, { authentication: "basic" }, /OPTIONS/],
  ["cors-credentials", { answer: () => [200] }, { authentication: "cookie" }, /Allow-Credentials/],
  ["cors-store", { headers: "Accept, Authorization", answer: () => [200] }, {}, /Allow-Methods/],
  ["network", { secure: true, answer: () => [200] }, {}, /certificat/],
  ["401", { answer: () => [401] }, { authentication: "bearer" }, /WWW-Authenticate/],
  ["403", { answer: () => [403] }, {}, /QIDO-RS/],
  ["redirect", { answer: () => [302, "text/html", { location: "https://login.example/" }] }, {}, /cookie/],
  ["not-root", { answer: () => [404] }, {}, /dicom-web/],
  ["content-type", { answer: () => [200, "text/html"] }, {}, /dicom\+json/],
  ["no-store", { answer: (r) => (stores(r) ? [405] : [200]) }, {}, /STOW-RS/],
  ["store-403", { answer: (r) => (stores(r) ? [403] : [204]) }, {}, /STOW-RS/],
  ["size", { answer: (r) => (large(r) ? [413] : stores(r) ? [400] : [200]) }, {}, /client_max_body_size/],
  ["size", { answer: (r) => (large(r) ? null : stores(r) ? [400] : [200]) }, {}, /client_max_body_size/],
  ["server", { answer: () => [502] }, {}, /502/],
];

for (const [number, [fault, behaviour, dicomweb, cure]] of CASES.entries()) {
  test(`${fault} is named (${number + 1})`, async () => {
    const root = await elsewhere(behaviour);
    const site = await serve(archive, { dicomweb: { ...dicomweb, root }, connect: [root] });
    open.push(site);
    const outcome = await tested(site, number % 2 ? "fr" : "en", "connection-hospital", async (page) => {
      if (dicomweb.authentication === "bearer") await page.fill(id("connection-hospital-secret"), "token");
    });
    assert.deepEqual([outcome.state, outcome.fault], ["fault", fault]);
    assert.match(outcome.cure, cure);
    assert.equal(Object.values(outcome.checks).filter((s) => s === "failed").length, 1);
    assert.ok(outcome.ledger.length > 0 && outcome.ledger.every((l) => l.url.startsWith(root)));
  });
}

test("a server that is not there, and one that the page's policy does not name", async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const missing = await serve(archive, { dicomweb: { root: nowhere }, connect: [nowhere] });
  const unnamed = await serve(archive, { dicomweb: { root: nowhere } });
  open.push(missing, unnamed);
  assert.equal((await tested(missing, "en")).fault, "network");
  const policy = await tested(unnamed, "fr");
  assert.equal(policy.fault, "policy");
  assert.match(policy.cure, /--connect-src/);
});

test("Orthanc passes, as archive and as a campaign's, and keeps nothing of it", async () => {
  const site = await serve(archive);
  open.push(site);
  for (const prefix of ["connection-hospital", "connection-campaign"]) {
    const outcome = await tested(site, "en", prefix);
    assert.deepEqual([outcome.state, outcome.fault], ["fine", undefined], JSON.stringify(outcome));
    assert.ok(Object.values(outcome.checks).every((s) => s === "ok"));
  }
  const stored = await fetch(`http://127.0.0.1:${archive.port}/instances`).then((r) => r.json());
  assert.deepEqual(stored, []);
  // All that was sent are zeros in their envelope.
  for (const { method, body } of site.recorded.filter((r) => r.method === "POST")) {
    assert.equal(method, "POST");
    assert.ok(body.filter((b) => b !== 0).length < 100);
  }
});

test("a folder that takes files passes, and one that does not says how it could", async () => {
  const files = new Map();
  const folder = (may) => ({ answer: (r) => (r.method === "PUT" ? (files.set(r.url, true), [may ? 201 : 405]) : [403]) });
  for (const may of [true, false]) {
    const root = await elsewhere(folder(may));
    const site = await serve(archive, { configuration: { folder: { name: "Folder", root: `${root}/readings` } }, connect: [root] });
    open.push(site);
    const outcome = await tested(site, "en");
    assert.equal(outcome.fault, may ? undefined : "no-store");
    if (!may) assert.match(outcome.cure, /dav_methods PUT/);
  }
  assert.deepEqual([...files.keys()], ["/readings/hilum-connection-test.bin"]);
});
