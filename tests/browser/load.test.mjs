// A small version of the load test (tests/browser/load.mjs): a line that is cut loses nothing and doubles nothing.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

test("two pages send twelve readings over a line that is cut", async (t) => {
  const outcome = await load({ uploads: 12, pages: 2, cut: 0.4 });
  t.diagnostic(JSON.stringify(outcome));
  assert.ok(outcome.before > 0 && outcome.within > 0 && outcome.after > 0, "each way of being cut was met");
  assert.equal(outcome.arrived, 24);
  assert.ok(outcome.entered >= 12 && outcome.entered <= outcome.requests, "each request of the page is in its ledger");
});
