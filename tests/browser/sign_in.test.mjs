// Signing in at an identity provider: a window, a code, a token in memory, renewed before it ends; what is open stays open.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { all, drag, id, openDemonstration, out, segments, until, withPage } from "./page.mjs";
import { startProvider } from "./identity_provider.mjs";
import { SECRET, serve, startOrthanc } from "./servers.mjs";

let archive;
let provider;
let site;
/// Status of answers to those who are known; what it was asked with.
const tokens = [];
const answer = (request, response) => {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  tokens.push(token);
  if (provider.isGood(token)) return false;
  request.resume().on("end", () => response.writeHead(401).end());
  return true;
};
before(async () => {
  archive = await startOrthanc();
  provider = await startProvider();
  const openid = { issuer: provider.issuer, client_id: "hilum", scope: "dicom offline_access" };
  site = await serve(archive, { dicomweb: { authentication: "openid", openid }, connect: [provider.issuer], answer });
  provider.allow(`${site.address}signed_in.html`, site.address.slice(0, -1));
});
after(() => {
  site.close();
  provider.close();
  archive.close();
});

const signIn = async (page, button) => {
  const [window] = await Promise.all([page.context().waitForEvent("page"), page.click(id(button))]);
  return window;
};
const state = (page, button, wanted) =>
  until(page, ([selector, wanted]) => document.querySelector(selector).dataset.state === wanted, [id(button), wanted]);

test("the reader signs in with a reading open, sends it, and the token is renewed", async (t) => {
  await withPage(`${site.address}?lang=en`, async (page, { troubles }) => {
    assert.equal(await openDemonstration(page), "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
    const before = await segments(page);

    // Sent before signing in: refused, held.
    await page.click(id("upload"));
    await page.waitForSelector(`${id("upload-sign-in")}:visible`);
    await page.click(id("upload-confirm"));
    await page.waitForSelector(`${id("upload-close")}:visible`);
    assert.match(await page.locator(id("upload-status")).innerText(), /401/);
    await page.click(id("upload-close"));

    await page.click(id("open-dicomweb"));
    const window = await signIn(page, "remote-sign-in");
    await window.fill("#user", "lea");
    await page.screenshot({ path: path.join(out, "sign-in.png") });
    const closed = window.waitForEvent("close", { timeout: 20000 }).then(() => true, () => false);
    await window.click("#go");
    await state(page, "remote-sign-in", "in");
    t.diagnostic(`the window ${(await closed) ? "closed by itself" : "stays, and says that it can be closed"}`);
    await page.click(id("remote-close"));
    // What was held goes by itself, and nothing that was open is lost.
    await until(page, () => document.querySelector('[data-testid="parcel"]')?.dataset.state === "stored");
    assert.deepEqual(await segments(page), before);

    // Of the request for the token the ledger knows the place and the size, and it is small.
    const ledger = await all(page, "ledger-entry");
    const asked = ledger.filter((l) => l.kind === "token");
    assert.deepEqual(asked.map((l) => l.url), [`${provider.issuer}/token`]);
    assert.ok(+asked[0].bytes < 1000);
    assert.ok(ledger.every((l) => !/code=|token=/.test(l.url)), "no secret in the ledger");

    // A minute later (the provider's tokens live for 40 s, and are renewed 30 s before they end).
    const used = tokens.at(-1);
    await page.waitForTimeout(11_000);
    await page.click(id("open-dicomweb"));
    await page.click(id("qido-search"));
    await until(page, () => document.querySelectorAll('[data-testid="ledger-entry"][data-kind="token"]').length === 2);
    await until(page, () => document.querySelector('[data-testid="remote-status"]').textContent.length > 3);
    assert.ok(provider.isGood(tokens.at(-1)) && tokens.at(-1) !== used);

    // Nothing of it is kept.
    const stored = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, databases, location.href]);
    });
    for (const token of tokens.filter(Boolean)) assert.ok(!stored.includes(token));

    // Signed out here and at the provider: the next request goes without a token.
    const [farewell] = await Promise.all([page.context().waitForEvent("page"), page.click(id("remote-sign-out"))]);
    await farewell.waitForURL(/logout/);
    await state(page, "remote-sign-in", "out");
    assert.equal(provider.ended.length, 1);
    assert.equal(provider.ended[0].client_id, "hilum");
    assert.match(provider.ended[0].id_token_hint, /^[^.]+\.[^.]+\./);
    await page.screenshot({ path: path.join(out, "signed-out.png") });
    await page.click(id("qido-search"));
    await page.waitForSelector(`${id("remote-error")}[data-cause="401"]`);
    assert.equal(tokens.at(-1), undefined);
    assert.deepEqual(await segments(page), before);
    assert.deepEqual(troubles.filter((x) => !/Failed to load resource/.test(x)), []);
  });
});

test("two requests that find the token at its end renew it once, and both wait for it", async () => {
  await withPage(`${site.address}?lang=en`, async (page) => {
    assert.equal(await openDemonstration(page), "ready");
    await page.click(id("add-segment"));
    await page.click(id("tool-brush"));
    await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
    await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
    await page.click(id("upload"));
    await page.waitForSelector(`${id("upload-sign-in")}:visible`);
    provider.asked = [];
    const window = await signIn(page, "upload-sign-in");
    await window.fill("#user", "lea");
    await window.click("#go");
    await state(page, "upload-sign-in", "in");
    await page.waitForTimeout(11_000);
    tokens.length = 0;
    provider.slow = 1500;
    try {
      // In one go: what is confirmed, and a search.
      await page.evaluate(() => {
        for (const name of ["open-dicomweb", "upload-confirm", "qido-search"]) document.querySelector(`[data-testid="${name}"]`).click();
      });
      await until(page, () => document.querySelector('[data-testid="parcel"]')?.dataset.state === "stored");
      for (let n = 0; tokens.length < 2 && n < 100; n++) await page.waitForTimeout(100);
    } finally {
      provider.slow = 0;
    }
    assert.deepEqual(provider.asked, ["authorization_code", "refresh_token"]);
    assert.deepEqual([tokens.length, new Set(tokens).size, provider.isGood(tokens[0])], [2, 1, true]);
  });
});

test("what does not belong to the attempt is refused, and said", async () => {
  for (const [mischief, said] of [
    ["state", null],
    ["nonce", /nonce/],
    ["audience", /aud/],
    ["issuer", /iss/],
    ["denied", /not today/],
    ["verifier", /invalid_grant/],
  ]) {
    provider.mischief = mischief;
    await withPage(`${site.address}?lang=en`, async (page) => {
      await page.click(id("open-dicomweb"));
      const window = await signIn(page, "remote-sign-in");
      await window.fill("#user", "lea");
      await window.click("#go");
      if (said) {
        await state(page, "remote-sign-in", "failed");
        assert.match(await page.locator(`.remote small[role="status"]`).innerText(), said);
      } else {
        // An answer with another state is not even looked at.
        await page.waitForTimeout(1500);
        await state(page, "remote-sign-in", "out");
      }
      await page.click(id("qido-search"));
      await page.waitForSelector(`${id("remote-error")}[data-cause="401"]`);
    });
  }
  provider.mischief = null;
});

test("whoever signs out of one server is signed out of all that the same provider speaks for", async () => {
  const openid = { issuer: provider.issuer, client_id: "hilum", scope: "dicom" };
  const known = { authentication: "openid", openid };
  const campaign = { name: "STOIC", root: "/campaign-web", sponsor: "AP-HP", protocol: "P-1", site: "S-2", secret: SECRET, ...known };
  const both = await serve(archive, { dicomweb: known, configuration: { campaign }, connect: [provider.issuer], answer });
  provider.allow(`${both.address}signed_in.html`, both.address.slice(0, -1));
  try {
    await withPage(`${both.address}?lang=en`, async (page) => {
      assert.equal(await openDemonstration(page), "ready");
      await page.click(id("add-segment"));
      await page.click(id("tool-brush"));
      await drag(page, "pane-axial", [0.3, 0.5], [0.4, 0.5]);
      await until(page, () => +document.querySelector('[data-testid="segment-item"]').dataset.voxels > 100);
      const enter = async (button) => {
        const window = await signIn(page, button);
        await window.fill("#user", "lea");
        await window.click("#go");
        await state(page, button, "in");
      };
      await page.click(id("upload-campaign"));
      await page.waitForSelector(`${id("upload-sign-in")}:visible`);
      await enter("upload-sign-in");
      await page.locator(`${id("upload-cancel")}:visible`).click();
      await page.click(id("open-dicomweb"));
      await enter("remote-sign-in");
      const ended = provider.ended.length;
      const [farewell] = await Promise.all([page.context().waitForEvent("page"), page.click(id("remote-sign-out"))]);
      await farewell.waitForURL(/logout/);
      await state(page, "remote-sign-in", "out");
      assert.equal(provider.ended.length, ended + 1, "one session, ended once");
      await page.click(id("remote-close"));
      await page.click(id("upload-campaign"));
      await state(page, "upload-sign-in", "out");
    });
  } finally {
    both.close();
  }
});
