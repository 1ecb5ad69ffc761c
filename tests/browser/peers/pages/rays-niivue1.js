// niivue 1.0, WebGPU. As rays-niivue.js, of which the units are the same.
import { expose, frame, now, spread2d } from "./common.js";
import { ELEVATION_DEG, HALF_HEIGHT, LIGHT, TABLE, inHu, meanGate, shownCanvas, table, turns } from "./rays.mjs";
import NiiVue, { SLICE_TYPE } from "niivue-next";
import { Dcm2niix } from "dcm2niix-jpeg";

const canvas = shownCanvas();
const SCALE = 0.8 / HALF_HEIGHT;
/// Its azimuth from the front; it grows towards the right of the patient.
const FRONT_DEG = 180;
let nv, dcm;

/// Draws now and waits until it is drawn.
async function draw() {
  nv.view.render();
  await nv.view.device.queue.onSubmittedWorkDone();
}

expose({
  async ready() {
    nv = new NiiVue({
      backend: "webgpu",
      isDragDropEnabled: false,
      devicePixelRatio: 1,
      isAntiAlias: false,
      isColorbarVisible: false,
      isOrientCubeVisible: false,
      is3DCrosshairVisible: false,
      backgroundColor: [0, 0, 0, 1],
      logLevel: "warn",
    });
    await nv.attachToCanvas(canvas);
    nv.sliceType = SLICE_TYPE.AXIAL;
    dcm = new Dcm2niix();
    await dcm.init();
  },
  async load(files, mark) {
    const out = await dcm.input(files).b("n").run();
    const file = out.find((f) => f.name.endsWith(".nii"));
    if (!file) throw new Error("dcm2niix gave no NIfTI");
    mark("first");
    await nv.loadVolumes([{ url: file, name: file.name, calMin: TABLE.low, calMax: TABLE.high }]);
    const { img, hdr } = nv.volumes[0];
    const { dims, pixDims } = hdr;
    const colormap = nv.addColormap("rays", table(meanGate(inHu(img, hdr), dims.slice(1, 4), pixDims.slice(1, 4))));
    await nv.setVolume(0, { colormap });
    await draw();
    mark("decoded");
    mark("mpr");
  },
  async volume3d(n) {
    // Nothing is drawn but what is measured.
    nv.drawScene = () => {};
    nv.sliceType = SLICE_TYPE.RENDER;
    nv.scaleMultiplier = SCALE;
    nv.elevation = ELEVATION_DEG;
    nv.volumeIllumination = LIGHT.diffuse;
    await frame();
    const turned = async (degrees) => {
      const begun = now();
      nv.azimuth = FRONT_DEG - degrees;
      await draw();
      return now() - begun;
    };
    const first = await turned(0);
    const ms = await turns(n, turned);
    nv.view.render();
    if (spread2d(canvas) < 3) throw new Error("the 3D picture is empty");
    window.__bench.notes.push(`${nv.backend}, first frame ${first.toFixed(0)} ms, picture ${canvas.width}x${canvas.height}`);
    return ms;
  },
  info: async () => ({ backend: nv.backend }),
});
