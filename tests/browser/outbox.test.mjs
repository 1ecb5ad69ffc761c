// What was confirmed arrives once, whatever line, server and page do meanwhile.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, data, download, drag, id, openDemonstration, out, until, withPage } from "./page.mjs";
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

/// Whether a tab has the outbox, or one waits for it.
const holdsOutbox = async (how) => (await navigator.locks.query())[how].some((lock) => lock.name === "outbox");

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
    await until(page, async () => {
      const open = indexedDB.open("hilum");
      await new Promise((done) => (open.onsuccess = done));
      const kept = open.result.transaction("parcels").objectStore("parcels").count();
      await new Promise((done) => (kept.onsuccess = done));
      open.result.close();
      return kept.result === 0;
    });
    await page.reload();
    await until(page, holdsOutbox, "held");
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
    await until(next, holdsOutbox, "pending");
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

test("what hangs can be stopped, sent again, and saved or taken out object by object", async () => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    await marked(page);
    const before = await stored();
    // The whole request comes, and no answer.
    const asked = [];
    instead = (request, response) => {
      request.resume();
      return asked.push(response);
    };
    await page.click(id("upload"));
    await page.waitForSelector(id("preview-line"));
    // All that leaves can be looked through, part by part, and saved whole.
    const total = +/^1 to 500 of (\d+) attributes$/.exec(await page.locator(id("preview-count")).textContent())[1];
    let seen = (await all(page, "preview-line")).length;
    assert.equal(seen, 500);
    while (await page.locator(id("preview-later")).isEnabled()) {
      await page.locator(id("preview-later")).press("Enter");
      await until(page, (first) => document.querySelector('[data-testid="preview-count"]').textContent.startsWith(`${first} to `), seen + 1);
      seen += (await all(page, "preview-line")).length;
    }
    assert.equal(seen, total);
    await page.click(id("preview-earlier"));
    // Keys that scroll the list leave the CT behind it where it is.
    const { slice } = await data(page, "pane-axial");
    for (const key of ["ArrowDown", "PageDown"]) await page.locator(".upload .scroll").press(key);
    assert.equal((await data(page, "pane-axial")).slice, slice);
    const list = fs.readFileSync(await download(page, "upload-save-list", out), "utf8").split("\r\n");
    assert.deepEqual([list[0], list.length], ["depth,item,tag,keyword,vr,value,why", total + 2]);
    await page.click(id("upload-confirm"));
    await page.waitForSelector(`${id("upload-stop")}:visible`);
    assert.match(await page.locator(id("upload-status")).textContent(), /^Sending: 0 of 2 objects stored, 0\.00 of 0\.\d\d MB…$/);
    for (let n = 0; asked.length === 0 && n < 100; n++) await page.waitForTimeout(100);
    const closed = new Promise((done) => asked[0].once("close", done));
    await page.focus(id("upload-stop"));
    await page.keyboard.press("Enter");
    await state(page, "held");
    await closed;
    assert.match((await all(page, "parcel"))[0].text, /Stopped before the server answered/);
    await page.click(id("upload-close"));

    const objects = await all(page, "parcel-object");
    assert.deepEqual(objects.map((o) => o.text.slice(0, 3)), ["SEG", "SR "]);
    const [offered] = await Promise.all([page.waitForEvent("download"), page.locator(id("object-save")).nth(1).press("Enter")]);
    const file = path.join(out, offered.suggestedFilename());
    await offered.saveAs(file);
    assert.ok(fs.readFileSync(file).includes(objects[1].uid));
    await page.locator(id("object-discard")).nth(0).press("Enter");
    await until(page, () => document.querySelector('[data-testid="parcel-object"]') === null);

    // Stopped again from the outbox, and then let through: what is left arrives once.
    await page.click(id("parcel-send"));
    await page.click(`${id("parcel-stop")}:visible`);
    await state(page, "held");
    instead = null;
    await page.click(id("parcel-send"));
    await state(page, "stored");
    assert.deepEqual((await stored()).filter((uid) => !before.includes(uid)), [objects[1].uid]);
    assert.deepEqual(troubles, []);
  });
});

test("an upload that gets no answer in time is given up and sent again by itself", async () => {
  // A minute passes in a second and a half for whoever waits two or longer.
  const hurried = () => {
    const wait = window.setTimeout.bind(window);
    window.setTimeout = (act, ms, ...more) => wait(act, ms >= 120_000 ? ms / 40 : ms, ...more);
  };
  await withPage(`${site.address}?lang=en`, async (page) => {
    await marked(page);
    const before = await stored();
    // No answer at all, and one that hangs after its beginning.
    const begun = (request, response) => {
      request.resume().on("end", () => response.writeHead(200, { "content-type": "application/dicom+json" }).write("{"));
      return true;
    };
    for (const hangs of [(request) => request.resume(), begun]) {
      posts = 0;
      instead = hangs;
      await confirm(page);
      await state(page, "waiting");
      assert.match((await all(page, "parcel"))[0].text, /did not answer in time/);
      instead = null;
      await state(page, "stored");
      assert.equal(posts, 2);
      assert.equal((await stored()).filter((uid) => !before.includes(uid)).length, 2);
    }
  }, hurried);
});
