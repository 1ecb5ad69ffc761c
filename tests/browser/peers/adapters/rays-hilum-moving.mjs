// Hilum while it is turned: as coarsely sampled as its frames may take, without shadows.
import { rays } from "./rays-hilum.mjs";
export default rays("rays-hilum-moving", false);
