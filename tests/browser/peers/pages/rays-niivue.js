// niivue 0.x, WebGL2. Voxels are classified before they are blended (8 bits of colour and opacity each); a sample's opacity is that in
// the table, the step one voxel along the ray: 0.70 mm here.
import { expose, now, spreadGL, syncGL } from "./common.js";
import { ELEVATION_DEG, HALF_HEIGHT, LIGHT, TABLE, inHu, meanGate, shownCanvas, table, turns } from "./rays.mjs";
import { NVImage, Niivue, SLICE_TYPE } from "@niivue/niivue";
import { Dcm2niix } from "dcm2niix-jpeg";

const canvas = shownCanvas();
/// niivue shows 0.8 of half the diagonal where the scale is 1.
const SCALE = 0.8 / HALF_HEIGHT;
/// Its azimuth from the front; it grows towards the right of the patient.
const FRONT_DEG = 180;
let nv, dcm;

expose({
  async ready() {
    nv = new Niivue({
      isResizeCanvas: false,
      dragAndDropEnabled: false,
      loadingText: "",
      show3Dcrosshair: false,
      isColorbar: false,
      isOrientCube: false,
      backColor: [0, 0, 0, 1],
      logLevel: "error",
    });
    await nv.attachToCanvas(canvas);
    nv.setSliceType(SLICE_TYPE.AXIAL);
    dcm = new Dcm2niix();
    await dcm.init();
  },
  async load(files, mark) {
    const out = await dcm.input(files).b("n").run();
    const file = out.find((f) => f.name.endsWith(".nii"));
    if (!file) throw new Error("dcm2niix gave no NIfTI");
    mark("first");
    const image = await NVImage.loadFromFile({ file, name: file.name, cal_min: TABLE.low, cal_max: TABLE.high });
    const { dims, pixDims } = image.hdr;
    nv.addColormap("rays", table(meanGate(inHu(image.img, image.hdr), dims.slice(1, 4), pixDims.slice(1, 4))));
    image.colormap = "rays";
    nv.addVolume(image);
    syncGL(nv.gl);
    mark("decoded");
    mark("mpr");
  },
  async volume3d(n) {
    const draw = nv.drawScene.bind(nv);
    // Nothing is drawn but what is measured.
    nv.drawScene = () => {};
    nv.setSliceType(SLICE_TYPE.RENDER);
    nv.setScale(SCALE);
    await nv.setVolumeRenderIllumination(LIGHT.diffuse);
    const turned = async (degrees) => {
      const begun = now();
      nv.setRenderAzimuthElevation(FRONT_DEG - degrees, ELEVATION_DEG);
      draw();
      syncGL(nv.gl);
      return now() - begun;
    };
    const first = await turned(0);
    const ms = await turns(n, turned);
    draw();
    if (spreadGL(nv.gl) < 3) throw new Error("the 3D picture is empty");
    const size = `${nv.gl.drawingBufferWidth}x${nv.gl.drawingBufferHeight}`;
    window.__bench.notes.push(`first frame ${first.toFixed(0)} ms, picture ${size}`);
    return ms;
  },
  info: async () => ({ gl: nv.gl.getParameter(nv.gl.VERSION) }),
});
