// What was confirmed arrives once, whatever line, server and page do meanwhile.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, drag, id, openDemonstration, out, until, withPage } from "./page.mjs";
import { serve, startOrthanc } from "./servers.mjs";

let archive;
let site;
/// Answers for the archive.
let instead = null;
let posts = 0;
before(async () => {
  archive = await startOrthanc();
  site = await serve(archive, {
    answer: (request, response) => {
      if (request.method !== "POST") return false;
      posts += 1;
      return instead ? instead(request, response) : false;
    },
  });
});
after(() => {
  site.close();
  archive.close();
});

const stored = () =>
  fetch(`http://127.0.0.1:${archive.port}/dicom-web/instances`, { headers: { accept: "application/dicom+json" } })
    .then((r) => r.json())
    .then((found) => found.map((f) => f["00080018"].Value[0]));

/// After the body has come, so that the page is told and not cut.
const answerWith = (status, body) => (request, response) => {
  request.resume().on("end", () => response.writeHead(status, { "content-type": "application/dicom+json" }).end(JSON.stringify(body)));
  return true;
};
const gateway = (status) => (request, response) => {
  request.resume().on("end", () => response.writeHead(status, { "content-type": "text/html", location: "/login" }).end("<h1>Sign in</h1>"));
  return true;
};
const cut = (request) => {
  request.socket.destroy();
  return true;
};

async function confirm(page) {
  await page.click(id("upload"));
  await page.waitForSelector(id("preview-line"));
  await page.click(id("upload-confirm"));
  await page.waitForSelector(`${id("upload-close")}:visible`);
  await page.click(id("upload-close"));
}

async function marked(page) {
  assert.equal(await openDemonstration(page), "ready");
  await page.click(id("add-segment"));
  await page.click(id("tool-brush"));
  await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
  await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
}

const state = (page, wanted) =>
  until(page, (wanted) => document.querySelector('[data-testid="parcel"]')?.dataset.state === wanted, wanted);

test("a line that is cut, a page that is closed: it arrives, once", async (t) => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    await marked(page);
    const before = await stored();
    instead = cut;
    posts = 0;
    await confirm(page);
    await state(page, "waiting");
    await page.screenshot({ path: path.join(out, "outbox-waiting.png") });
    // Again by itself, while the line is still cut.
    const tried = posts;
    for (let n = 0; posts === tried && n < 100; n++) await page.waitForTimeout(100);
    assert.ok(posts > tried);
    // Closed and opened again: nothing is on screen but the outbox, and it goes on.
    await page.reload();
    await state(page, "waiting");
    instead = null;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await state(page, "stored");
    const arrived = (await stored()).filter((uid) => !before.includes(uid));
    assert.equal(arrived.length, 2, "the segmentation and its report");
    t.diagnostic(`${posts} requests, ${arrived.length} instances`);
    // Nothing is left for the next page.
    await page.reload();
    await page.waitForFunction(() => document.body.dataset.gpu);
    await page.waitForTimeout(500);
    assert.deepEqual(await all(page, "parcel"), []);
  });
});

test("deleting kept readings leaves what waits, and what it is encrypted with", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    await marked(page);
    const before = await stored();
    instead = answerWith(503, {});
    await confirm(page);
    await state(page, "waiting");
    await page.click(id("autosave-clear"));
    await page.click(id("autosave-clear-confirm"));
    await until(page, () => /were deleted/.test(document.querySelector('[data-testid="notice"]').textContent));
    await page.reload();
    await state(page, "waiting");
    instead = null;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await state(page, "stored");
    assert.equal((await stored()).filter((uid) => !before.includes(uid)).length, 2);
  });
});

test("a second tab takes over what waits when the first closes", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    await marked(page);
    instead = answerWith(503, {});
    await confirm(page);
    await state(page, "waiting");
    const next = await page.context().newPage();
    await next.goto(`${site.address}?lang=en`);
    await next.waitForFunction(() => document.body.dataset.gpu);
    await next.waitForTimeout(500);
    assert.deepEqual(await all(next, "parcel"), []);
    await page.close();
    await state(next, "waiting");
    instead = null;
    await next.evaluate(() => window.dispatchEvent(new Event("online")));
    await state(next, "stored");
  });
});

test("what a server refuses is said by instance, and can be sent again or discarded", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await marked(page);
    instead = answerWith(503, {});
    await confirm(page);
    await state(page, "waiting");
    instead = answerWith(413, {});
    await page.click(id("parcel-send"));
    await state(page, "held");
    assert.match((await all(page, "parcel"))[0].text, /413/);
    // A gateway whose sign-in has run out leads to its page, or answers with it.
    const says = (words) => until(page, (words) => document.querySelector('[data-testid="parcel"]').textContent.includes(words), words);
    instead = gateway(302);
    await page.click(id("parcel-send"));
    await says("401");
    instead = gateway(200);
    await page.click(id("parcel-send"));
    await says("web page");
    assert.equal((await data(page, "parcel")).state, "held");
    const uid = "2.25.1";
    instead = answerWith(409, { "00081198": { vr: "SQ", Value: [{ "00081155": { vr: "UI", Value: [uid] }, "00081197": { vr: "US", Value: [0xa700] } }] } });
    await page.click(id("parcel-show"));
    await page.waitForSelector(id("preview-line"));
    assert.equal(await page.locator(id("upload-confirm")).isVisible(), false);
    await page.click(id("upload-cancel"));
    await page.click(id("parcel-discard"));
    await until(page, () => document.querySelector('[data-testid="parcel"]') === null);
    instead = null;
    assert.deepEqual(troubles.filter((x) => !/Failed to load resource/.test(x)), []);
  });
});
