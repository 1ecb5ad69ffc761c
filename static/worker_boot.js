// Starts a worker: the page sends the compiled program first; whatever comes before it runs is kept and handed over.
import init from "./hilum-worker.js";

const early = [];
self.onmessage = async ({ data }) => {
  if (!(data && data.module)) {
    early.push(data);
    return;
  }
  self.onmessage = (event) => early.push(event.data);
  await init({ module_or_path: data.module });
  for (const message of early) self.onmessage({ data: message });
};
