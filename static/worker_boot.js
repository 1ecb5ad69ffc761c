// Starts a worker: the page sends the compiled program first; whatever comes before it runs is kept and handed over.
import init from "./hilum-worker.js";

const early = [];
self.onmessage = async ({ data }) => {
  if (!(data && data.module)) {
    early.push(data);
    return;
  }
  self.onmessage = (event) => early.push(event.data);
  try {
    await init({ module_or_path: data.module });
  } catch (error) {
    // The page hears of errors, not of broken promises.
    setTimeout(() => {
      throw error;
    });
    return;
  }
  for (const message of early) self.onmessage({ data: message });
};
