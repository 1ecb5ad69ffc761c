// What every viewer of the 3D comparison is given: one transfer function, one camera, one light, one ray step. Each viewer's page turns
// it into that viewer's own units, and says how.

/// By rising HU: opacity of one mm, colour. Air and the table are transparent, fat and muscle hide what is deep, bone is opaque.
export const POINTS = [
  { hu: -1024, perMm: 0, colour: "#d9a07f" },
  { hu: -200, perMm: 0, colour: "#d9a07f" },
  { hu: 100, perMm: 0.15, colour: "#c8553d" },
  { hu: 300, perMm: 0.9, colour: "#fff3dc" },
  { hu: 3071, perMm: 0.9, colour: "#fff3dc" },
];

/// Hilum's opacity grows with the gradient and cannot be told not to (src/view/raycast.rs): the share that even tissue keeps, and the
/// gradient of all of it, HU per mm. vtk.js takes the same two numbers; niivue has nothing alike.
export const EVEN_SHARE = 0.15;
export const FULL_GRADIENT = 120;
/// Light as in Hilum; where a viewer has one number for it, that of what depends on the direction.
export const LIGHT = { ambient: 0.35, diffuse: 0.65, specular: 0.25, shininess: 24 };

/// Width of a voxel of the measured series.
export const STEP_MM = 0.7;
export const SIZE_PX = 512;
/// As Hilum opens a CT: from the front and a little above; half the picture's height is this part of half the volume's diagonal.
export const ELEVATION_DEG = (0.1 * 180) / Math.PI;
export const HALF_HEIGHT = 0.75;
export const TURN_DEG = 10;
/// Frames are drawn until so much time is over.
export const LIMIT_MS = 480_000;
/// A frame may take so long.
export const FRAME_MS = 120_000;

export const rgb = (colour) => [1, 3, 5].map((n) => parseInt(colour.slice(n, n + 2), 16));

/// Opacity of one mm and colour 0..255 at a HU.
export function at(hu) {
  const n = Math.max(1, POINTS.findIndex((p) => p.hu >= hu));
  const [low, high] = [POINTS[n - 1], POINTS[n]];
  const t = Math.min(1, Math.max(0, (hu - low.hu) / (high.hu - low.hu)));
  const mix = (a, b) => a + (b - a) * t;
  const [from, to] = [rgb(low.colour), rgb(high.colour)];
  return { perMm: mix(low.perMm, high.perMm), rgb: from.map((v, c) => mix(v, to[c])) };
}

/// Opacity of a sample that stands for a whole step.
export const ofStep = (perMm) => 1 - (1 - perMm) ** STEP_MM;

/// Frames one by one until there are enough or time is over; the first turn is by one step.
export async function turns(n, frame) {
  const ms = [];
  const begun = performance.now();
  for (let i = 1; i <= n && performance.now() - begun < LIMIT_MS; i++) ms.push(await frame(i * TURN_DEG));
  return ms;
}

/// Table of 256 entries for viewers that classify voxels before they blend them, 4 HU apart: both ends of it go on for ever.
export const TABLE = { low: -200, high: -200 + 255 * 4 };

/// A colour table for niivue: opacity of a sample, as it steps by one voxel and takes alpha as it stands in the table. `gate` is the
/// part of it that the voxels of an entry have (see `meanGate`).
export function table(gate) {
  const map = { R: [], G: [], B: [], A: [], I: [] };
  for (let i = 0; i < 256; i++) {
    const { perMm, rgb: [r, g, b] } = at(TABLE.low + 4 * i);
    map.I.push(i);
    map.A.push(i === 0 ? 0 : Math.round(255 * ofStep(perMm * (gate?.[i] ?? 1))));
    map.R.push(Math.round(r));
    map.G.push(Math.round(g));
    map.B.push(Math.round(b));
  }
  return map;
}

/// What Hilum's and vtk.js's opacity is multiplied by, on average over the voxels of each entry of the table: by it rays are as long
/// in a viewer whose opacity does not know the gradient.
export function meanGate(hu, [ni, nj, nk], mm) {
  const [sum, count] = [new Float64Array(256), new Float64Array(256)];
  for (let k = 1; k < nk - 1; k += 3)
    for (let j = 1; j < nj - 1; j += 2)
      for (let i = 1; i < ni - 1; i += 2) {
        const n = (k * nj + j) * ni + i;
        const entry = Math.round((hu[n] - TABLE.low) / 4);
        if (entry < 0) continue;
        const along = (d, mm) => (hu[n + d] - hu[n - d]) / (2 * mm);
        const gradient = Math.hypot(along(1, mm[0]), along(ni, mm[1]), along(ni * nj, mm[2]));
        const e = Math.min(entry, 255);
        sum[e] += EVEN_SHARE + (1 - EVEN_SHARE) * Math.min(1, gradient / FULL_GRADIENT);
        count[e] += 1;
      }
  return [...sum].map((s, e) => (count[e] ? s / count[e] : 1));
}

/// A canvas of the picture's size, shown.
export function shownCanvas() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE_PX;
  canvas.style.cssText = `width:${SIZE_PX}px;height:${SIZE_PX}px`;
  document.body.append(canvas);
  return canvas;
}

/// HU of a NIfTI image's values.
export const inHu = (values, { scl_slope: slope, scl_inter: inter }) =>
  slope === 1 && inter === 0 ? values : Float32Array.from(values, (v) => v * slope + inter);
