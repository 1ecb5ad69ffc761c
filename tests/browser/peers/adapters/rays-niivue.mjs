import { raysPage } from "./rays-page.mjs";

export default raysPage("rays-niivue", "rays-niivue");
