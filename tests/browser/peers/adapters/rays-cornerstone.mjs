import { raysPage } from "./rays-page.mjs";

export default raysPage("rays-cornerstone", "rays-cornerstone");
