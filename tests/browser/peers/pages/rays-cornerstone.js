// vtk.js as cornerstone3D uses it, WebGL2. Opacity is of `scalarOpacityUnitDistance`, here 1 mm, and is turned into that of a step.
import { expose, fastRaf, frame, now, spread2d, sync2d } from "./common.js";
import { ELEVATION_DEG, EVEN_SHARE, FRAME_MS, FULL_GRADIENT, HALF_HEIGHT, LIGHT, POINTS, SIZE_PX, STEP_MM, rgb, turns } from "./rays.mjs";
import * as cs from "@cornerstonejs/core";
import loader from "@cornerstonejs/dicom-image-loader";
import { utilities as metadata } from "@cornerstonejs/metadata";
import vtkColorTransferFunction from "@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js";
import vtkPiecewiseFunction from "@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js";

const { ViewportType, Events } = cs.Enums;
const volumeId = "cornerstoneStreamingImageVolume:ct";
const place = document.createElement("div");
place.style.cssText = `width:${SIZE_PX}px;height:${SIZE_PX}px`;
document.body.append(place);
let engine, volume;

const viewport = () => engine.getViewport("v3");
/// The next picture, read back.
const drawn = () =>
  new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error("the frame took too long")), FRAME_MS);
    const seen = () => {
      sync2d(viewport().canvas);
      clearTimeout(late);
      done();
    };
    place.addEventListener(Events.IMAGE_RENDERED, seen, { once: true });
  });

function look(actor) {
  const [colours, opacities] = [vtkColorTransferFunction.newInstance(), vtkPiecewiseFunction.newInstance()];
  for (const { hu, perMm, colour } of POINTS) {
    colours.addRGBPoint(hu, ...rgb(colour).map((v) => v / 255));
    opacities.addPoint(hu, perMm);
  }
  const property = actor.getProperty();
  property.setRGBTransferFunction(0, colours);
  property.setScalarOpacity(0, opacities);
  property.setScalarOpacityUnitDistance(0, 1);
  property.setUseGradientOpacity(0, true);
  property.setGradientOpacityMinimumValue(0, 0);
  property.setGradientOpacityMinimumOpacity(0, EVEN_SHARE);
  property.setGradientOpacityMaximumValue(0, FULL_GRADIENT);
  property.setGradientOpacityMaximumOpacity(0, 1);
  property.setInterpolationTypeToLinear();
  property.setShade(true);
  property.setAmbient(LIGHT.ambient);
  property.setDiffuse(LIGHT.diffuse);
  property.setSpecular(LIGHT.specular);
  property.setSpecularPower(LIGHT.shininess);
  const mapper = actor.getMapper();
  mapper.setSampleDistance(STEP_MM);
  mapper.setAutoAdjustSampleDistances(false);
  mapper.setImageSampleDistance(1);
  return mapper;
}

/// From the front, turned so that the patient's left comes to view.
function camera(degrees) {
  const { dimensions, spacing, imageData } = volume;
  const focalPoint = imageData.getCenter();
  const half = Math.hypot(...dimensions.map((d, n) => (d - 1) * spacing[n])) / 2;
  const [turn, up] = [degrees, ELEVATION_DEG].map((d) => (d * Math.PI) / 180);
  const towards = [Math.sin(turn) * Math.cos(up), -Math.cos(turn) * Math.cos(up), Math.sin(up)];
  const position = focalPoint.map((c, n) => c + towards[n] * half * 4);
  return { parallelProjection: true, parallelScale: half * HALF_HEIGHT, focalPoint, position, viewUp: [0, 0, 1] };
}

expose({
  async ready() {
    await cs.init();
    loader.init({});
    cs.volumeLoader.registerVolumeLoader("cornerstoneStreamingImageVolume", cs.cornerstoneStreamingImageVolumeLoader);
    engine = new cs.RenderingEngine("e");
    await frame();
  },
  async load(files, mark) {
    const ids = files.map((file) => loader.wadouri.fileManager.add(file));
    for (const [n, id] of ids.entries()) await metadata.addDicomPart10Instance(id, await files[n].arrayBuffer());
    mark("first");
    const z = new Map(ids.map((id) => [id, cs.metaData.get("imagePlaneModule", id).imagePositionPatient[2]]));
    ids.sort((a, b) => z.get(a) - z.get(b));
    volume = await cs.volumeLoader.createAndCacheVolume(volumeId, { imageIds: ids });
    await new Promise((done, failed) => {
      cs.eventTarget.addEventListener(Events.IMAGE_VOLUME_LOADING_COMPLETED, done);
      cs.eventTarget.addEventListener(Events.IMAGE_LOAD_ERROR, () => failed(new Error("a slice was not read")));
      volume.load();
    });
    mark("decoded");
    mark("mpr");
  },
  async volume3d(n) {
    const defaultOptions = { parallelProjection: true, background: [0, 0, 0] };
    engine.enableElement({ viewportId: "v3", type: ViewportType.VOLUME_3D, element: place, defaultOptions });
    // The look is set before anything is drawn: a frame in the look by default may take minutes.
    await cs.setVolumesForViewports(engine, [{ volumeId, callback: ({ volumeActor }) => void look(volumeActor) }], ["v3"]);
    const turned = async (degrees) => {
      const done = drawn();
      const begun = now();
      viewport().setCamera(camera(degrees));
      viewport().render();
      await done;
      return now() - begun;
    };
    // Again, for what cornerstone sets on a volume once it is there.
    const mapper = look(viewport().getDefaultActor().actor);
    fastRaf(true);
    let ms;
    try {
      const first = await turned(0);
      ms = await turns(n, turned);
      window.__bench.notes.push(`first frame ${first.toFixed(0)} ms`);
    } finally {
      fastRaf(false);
    }
    const { canvas } = viewport();
    if (spread2d(canvas) < 3) throw new Error("the 3D picture is empty");
    const { parallelScale, parallelProjection } = viewport().getCamera();
    const projection = `parallel ${parallelProjection}, half height ${parallelScale.toFixed(1)} mm`;
    window.__bench.notes.push(`picture ${canvas.width}x${canvas.height}, step ${mapper.getSampleDistance()} mm, ${projection}`);
    return ms;
  },
  info: async () => ({ version: cs.version, engine: engine.constructor.name, cpu: cs.getShouldUseCPURendering() }),
});
