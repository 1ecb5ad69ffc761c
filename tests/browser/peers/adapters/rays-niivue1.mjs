import { raysPage } from "./rays-page.mjs";

export default raysPage("rays-niivue1", "rays-niivue1");
