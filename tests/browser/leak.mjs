// Finds bytes of a CT in other bytes: any run of 64 bytes that also stands in the CT, wherever it begins.
//
// The CT is cut into pieces of 32 bytes; a run of 64 holds at least one whole piece. Pieces of few different bytes (air, padding)
// say nothing and are passed over.
const PIECE = 32;
const BASE = 16777619;
const LEAST_DIFFERENT = 6;

export class PixelIndex {
  #sources = [];
  #places = new Map();

  /// Adds pixel bytes of the CT.
  add(bytes) {
    const source = this.#sources.push(bytes) - 1;
    for (let at = 0; at + PIECE <= bytes.length; at += PIECE) {
      if (new Set(bytes.subarray(at, at + PIECE)).size < LEAST_DIFFERENT) continue;
      let hash = 0;
      for (let n = 0; n < PIECE; n++) hash = (Math.imul(hash, BASE) + bytes[at + n]) | 0;
      this.#places.set(hash, [source, at]);
    }
  }

  get size() {
    return this.#places.size;
  }

  /// Where 64 bytes of the CT begin in a body, or -1.
  find(body) {
    let power = 1;
    for (let n = 1; n < PIECE; n++) power = Math.imul(power, BASE);
    let hash = 0;
    for (let at = 0; at < body.length; at++) {
      if (at >= PIECE) hash = (hash - Math.imul(body[at - PIECE], power)) | 0;
      hash = (Math.imul(hash, BASE) + body[at]) | 0;
      const begin = at - PIECE + 1;
      const place = begin >= 0 ? this.#places.get(hash) : undefined;
      if (place && this.#grows(body, begin, place)) return begin;
    }
    return -1;
  }

  #grows(body, begin, [source, at]) {
    const bytes = this.#sources[source];
    let [from, to] = [0, 0];
    while (begin + to < body.length && at + to < bytes.length && body[begin + to] === bytes[at + to]) to++;
    if (to < PIECE) return false;
    while (begin - from > 0 && at - from > 0 && body[begin - from - 1] === bytes[at - from - 1]) from++;
    return from + to >= 64;
  }
}
