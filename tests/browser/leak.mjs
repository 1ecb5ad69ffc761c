// Finds bytes of a CT in what was sent: any run of 64 bytes that stands in both, wherever it begins in either.
//
// Runs of one or two different bytes (air, padding, bit planes) say nothing and are passed over. The bodies are small and the CT is
// large: each run of the bodies is remembered by its rolling hash, and the CT streams past them.
const RUN = 64;
const BASE = 16777619;
const SIEVE_BITS = 26;
const LEAVING = (() => {
  let power = 1;
  for (let n = 1; n < RUN; n++) power = Math.imul(power, BASE);
  return power;
})();

/// Calls `seen(begin, hash)` for each run of 64 bytes.
function eachRun(bytes, seen) {
  let hash = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= RUN) hash = (hash - Math.imul(bytes[at - RUN], LEAVING)) | 0;
    hash = (Math.imul(hash, BASE) + bytes[at]) | 0;
    if (at >= RUN - 1) seen(at - RUN + 1, hash);
  }
}

const sieved = (hash) => (hash ^ (hash >>> 6)) >>> (32 - SIEVE_BITS);

export class SentBytes {
  #bodies = [];
  #runs = new Map();
  #sieve = new Uint8Array(1 << (SIEVE_BITS - 3));
  size = 0;

  /// Adds a body that was sent; `name` is what a leak is reported by.
  add(body, name) {
    const number = this.#bodies.push({ body, name }) - 1;
    const present = new Uint32Array(256);
    let different = 0;
    for (const byte of body.subarray(0, RUN - 1)) if (present[byte]++ === 0) different += 1;
    eachRun(body, (begin, hash) => {
      if (present[body[begin + RUN - 1]]++ === 0) different += 1;
      if (different > 2) {
        const places = this.#runs.get(hash);
        if (places) places.push([number, begin]);
        else this.#runs.set(hash, [[number, begin]]);
        const bit = sieved(hash);
        this.#sieve[bit >>> 3] |= 1 << (bit & 7);
        this.size += 1;
      }
      if (--present[body[begin]] === 0) different -= 1;
    });
  }

  /// For each body that holds some of these CT bytes its first such run, `{ name, at, from }` (offsets in the body and in the CT).
  find(ct) {
    const found = new Map();
    eachRun(ct, (from, hash) => {
      const bit = sieved(hash);
      if (!(this.#sieve[bit >>> 3] & (1 << (bit & 7)))) return;
      for (const [number, at] of this.#runs.get(hash) ?? []) {
        const { body, name } = this.#bodies[number];
        if (found.has(number) || Buffer.compare(body.subarray(at, at + RUN), ct.subarray(from, from + RUN)) !== 0) continue;
        found.set(number, { name, at, from });
      }
    });
    return [...found.values()];
  }
}
