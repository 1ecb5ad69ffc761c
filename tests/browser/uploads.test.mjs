// What a server is told with an upload: the objects and who sends them, nothing else; what it stored comes back as it was sent.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { download, drag, id, openFiles, until, withPage } from "./page.mjs";
import { writeSeries } from "./phantom.mjs";
import { serve, startOrthanc } from "./servers.mjs";

const NAME = "SECRET^NAME";
let archive;
let folder;
let files;
before(async () => {
  archive = await startOrthanc();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-uploads-"));
  files = writeSeries(folder, { slices: 24, size: 96, study: 74, patientName: NAME, patientId: "SECRET-ID" });
});
after(() => {
  archive.close();
  fs.rmSync(folder, { recursive: true });
});

/// A server that writes down each request of the page and answers `status`.
async function recording(configuration, status = 201) {
  const asked = [];
  const answer = (request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body: Buffer.concat(pieces) });
      response.writeHead(status).end();
    });
    return true;
  };
  const site = await serve(archive, { configuration, answer });
  return { ...site, asked };
}
const folderOf = (more) => ({ dicomweb: null, folder: { name: "Readings", root: "/dicom-web/readings", ...more } });

async function marked(page) {
  assert.equal(await openFiles(page, files), "ready");
  await page.click(id("add-segment"));
  await page.click(id("tool-brush"));
  await drag(page, "pane-axial", [0.4, 0.5], [0.55, 0.5]);
  await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 20);
}

const state = (page, wanted) =>
  until(page, (wanted) => document.querySelector('[data-testid="parcel"]')?.dataset.state === wanted, wanted);

async function confirm(page, secret) {
  await page.click(id("upload"));
  await page.waitForSelector(id("preview-line"));
  if (secret) await page.fill(id("upload-secret"), secret);
  await page.click(id("upload-confirm"));
}

/// What a browser says of itself with each request.
const OF_THE_BROWSER =
  /^(accept|accept-encoding|accept-language|cache-control|connection|content-length|content-type|host|origin|pragma|user-agent|sec-ch-ua(-.+)?|sec-fetch-.+)$/;

for (const method of ["POST", "PUT"]) {
  for (const { authentication, secret, known } of [
    { authentication: "cookie", known: { cookie: "session=of-the-gateway" } },
    { authentication: "bearer", secret: "of.the.reader", known: { authorization: "Bearer of.the.reader" } },
  ]) {
    test(`a folder takes each object and the bundle by ${method}, and knows the sender by ${authentication} alone`, async () => {
      const site = await recording(folderOf({ method, authentication }));
      try {
        await withPage(`${site.address}?lang=en`, async (page, { context, troubles }) => {
          // A cookie goes where cookies were asked for, and nowhere else.
          await context.addCookies([{ name: "session", value: "of-the-gateway", url: site.address }]);
          await marked(page);
          await confirm(page, secret);
          await state(page, "stored");
          assert.deepEqual(troubles, []);
        });
        assert.deepEqual(site.asked.map((a) => a.method), [method, method, method]);
        const kinds = site.asked.map((a) => /^\/dicom-web\/readings\/hilum-(seg|sr|bundle)-[0-9a-f]{32}\.(dcm|zip)$/.exec(a.url)?.[1]);
        assert.deepEqual(kinds, ["seg", "sr", "bundle"]);
        assert.deepEqual(site.asked.map((a) => a.headers["content-type"]), ["application/dicom", "application/dicom", "application/zip"]);
        for (const { headers, body } of site.asked) {
          const told = Object.entries(headers).filter(([name]) => !OF_THE_BROWSER.test(name));
          assert.deepEqual(Object.fromEntries(told), known);
          assert.equal(+headers["content-length"], body.length);
        }
        const [seg, sr, bundle] = site.asked.map((a) => a.body);
        for (const object of [seg, sr]) assert.equal(object.toString("latin1", 128, 132), "DICM");
        assert.equal(bundle.toString("latin1", 0, 4), "PK\x03\x04");
      } finally {
        site.close();
      }
    });
  }
}

/// Every byte that this origin keeps, as text: keys and values of its database, its files, its caches and what else has a name.
const kept = (page) =>
  page.evaluate(async () => {
    const latin1 = new TextDecoder("latin1");
    const text = (value) => {
      if (value instanceof CryptoKey) return "";
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return latin1.decode(value);
      return value && typeof value === "object" ? Object.entries(value).flat().map(text).join("\n") : String(value);
    };
    const of = (request) => new Promise((done, failed) => Object.assign(request, { onsuccess: () => done(request.result), onerror: () => failed(request.error) }));
    const stores = {};
    for (const { name } of await indexedDB.databases()) {
      const database = await of(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        stores[`${name}/${store}`] = text([await of(objects.getAllKeys()), await of(objects.getAll())]);
      }
      database.close();
    }
    const files = [];
    for await (const [name] of (await navigator.storage.getDirectory()).entries()) files.push(name);
    const named = JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]);
    return { stores, files, named, caches: await caches.keys() };
  });

test("what waits lies encrypted on this computer: no DICOM, no archive, no name", async () => {
  const site = await recording(folderOf({}), 503);
  try {
    await withPage(`${site.address}?lang=en`, async (page) => {
      await marked(page);
      await confirm(page);
      await state(page, "waiting");
      await until(page, () => /outlasts this page/.test(document.querySelector('[data-testid="parcel"]').textContent));
      const { stores, files, named, caches } = await kept(page);
      const telling = [/DICM/, /PK\x03\x04/, /SECRET/, /2\.25\.990/, /1\.2\.840\.10008/, /hilum-(seg|sr|bundle)/, /Lesion|Comprehensive/];
      for (const [store, text] of Object.entries(stores)) {
        for (const word of telling) assert.doesNotMatch(text, word, store);
      }
      for (const word of telling) assert.doesNotMatch(named, word);
      assert.deepEqual([files, caches], [[], []]);
      // What is looked for is in what was sent, and as much as that is kept.
      const sent = site.asked[0].body.toString("latin1");
      for (const word of [/DICM/, /SECRET/, /2\.25\.990/, /1\.2\.840\.10008/]) assert.match(sent, word);
      assert.ok(stores["hilum/parcels"].length > sent.length, `${stores["hilum/parcels"].length} bytes are kept`);
    });
  } finally {
    site.close();
  }
});

/// The data set of a Part 10 file, without its file meta information (PS3.10 7.1).
const dataSet = (file) => {
  assert.equal(file.toString("latin1", 128, 132), "DICM");
  return file.subarray(144 + file.readUInt32LE(140));
};

/// The parts of a multipart body.
function partsOf(body) {
  const delimiter = body.subarray(0, body.indexOf("\r\n"));
  const parts = [];
  for (let at = 0, next; (next = body.indexOf(delimiter, at + delimiter.length)) > 0; at = next) {
    parts.push(body.subarray(body.indexOf("\r\n\r\n", at) + 4, next - 2));
  }
  return parts;
}

/// SOP Instance UID of a file, out of its file meta information.
const uidOf = (file) => {
  const at = file.indexOf(Buffer.from([0x02, 0x00, 0x03, 0x00, 0x55, 0x49]));
  return file.toString("latin1", at + 8, at + 8 + file.readUInt16LE(at + 6)).replace(/\0$/, "");
};

/// An instance as the archive gives it back (WADO-RS).
async function fetched(uid) {
  const root = `http://127.0.0.1:${archive.port}/dicom-web`;
  const found = await fetch(`${root}/instances?SOPInstanceUID=${uid}`, { headers: { accept: "application/dicom+json" } }).then((r) => r.json());
  assert.equal(found.length, 1, uid);
  const [study, series] = ["0020000D", "0020000E"].map((tag) => found[0][tag].Value[0]);
  const answer = await fetch(`${root}/studies/${study}/series/${series}/instances/${uid}`, {
    headers: { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
  });
  assert.equal(answer.status, 200);
  const parts = partsOf(Buffer.from(await answer.arrayBuffer()));
  assert.equal(parts.length, 1);
  return parts[0];
}

test("Orthanc gives back each object as it was sent, byte for byte", async (t) => {
  const site = await serve(archive);
  try {
    let sent;
    let saved;
    await withPage(`${site.address}?lang=en`, async (page) => {
      await marked(page);
      await confirm(page);
      await state(page, "stored");
      await page.click(id("upload-close"));
      sent = partsOf(site.recorded.find((r) => r.method === "POST").body);
      assert.equal(sent.length, 2);
      // What is saved as files is filed by the hospital's own ways.
      saved = [];
      for (const name of ["export-seg-labels", "export-rtstruct"]) saved.push(fs.readFileSync(await download(page, name, folder)));
    });
    for (const file of saved) {
      const answer = await fetch(`http://127.0.0.1:${archive.port}/instances`, { method: "POST", body: file });
      assert.equal(answer.status, 200);
    }
    for (const file of [...sent, ...saved]) {
      const back = await fetched(uidOf(file));
      assert.ok(dataSet(back).equals(dataSet(file)), `${uidOf(file)}: ${back.length} bytes for ${file.length}`);
    }
    t.diagnostic(`${[...sent, ...saved].map((f) => f.length).join(", ")} bytes`);
  } finally {
    site.close();
  }
});
