// The checker of what leaves: it finds what it must, and only that.
import assert from "node:assert/strict";
import test from "node:test";
import { SentBytes } from "./leak.mjs";

// Bytes that look like tissue: no run of 64 comes twice.
const tissue = (length, seed) => {
  let state = seed;
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24));
};
const sent = (...bodies) => {
  const bytes = new SentBytes();
  bodies.forEach((body, n) => bytes.add(body, `body ${n}`));
  return bytes;
};

test("a run of 64 bytes of the CT is found at every offset", () => {
  const ct = tissue(2000, 1);
  for (let from = 0; from <= ct.length - 64; from += 97) {
    for (let before = 0; before < 40; before += 13) {
      const body = Buffer.concat([tissue(before, 2), ct.subarray(from, from + 64), tissue(50, 3)]);
      assert.deepEqual(sent(tissue(300, 4), body).find(ct), [{ name: "body 1", at: before, from }]);
    }
  }
});

test("63 bytes of the CT are no run", () => {
  const ct = tissue(2000, 1);
  const piece = ct.subarray(500, 563);
  const [before, after] = [ct[499] ^ 1, ct[563] ^ 1];
  assert.deepEqual(sent(Buffer.from([before, ...piece, after])).find(ct), []);
});

test("three different bytes are enough, two say nothing", () => {
  const two = Buffer.alloc(200, Buffer.from([0, 255, 255]));
  assert.deepEqual(sent(two).find(two), []);
  assert.equal(sent(two).size, 0);
  const three = Buffer.alloc(64, 0);
  [three[20], three[41]] = [1, 2];
  assert.equal(sent(Buffer.concat([two, three, two])).find(Buffer.concat([Buffer.alloc(99), three])).length, 1);
});

test("a run that comes several times is found in each body", () => {
  const ct = tissue(64, 7);
  const found = sent(tissue(64, 8), ct, ct).find(Buffer.concat([tissue(31, 9), ct]));
  assert.deepEqual(found.map((leak) => leak.name), ["body 1", "body 2"]);
  assert.deepEqual(sent(Buffer.alloc(10), Buffer.alloc(0)).find(ct), []);
});
