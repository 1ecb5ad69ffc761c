// A peer's page of the 3D comparison, as large as the picture: what the harness keeps as proof is the picture alone.
import { pageAdapter } from "./page.mjs";
import { SIZE_PX } from "../pages/rays.mjs";

export const raysPage = (name, page) => ({
  ...pageAdapter(name, `/app-${page}/${page}.html`),
  viewport: { width: SIZE_PX, height: SIZE_PX },
});
