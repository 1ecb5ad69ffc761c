// Keeps the app on this computer for use without a network: the files of one build, and nothing else, ever. Neither config.json nor any
// answer of a server is among them, and nothing is added after installation.
//
// The network comes first, so that what the site serves is what runs; the kept files answer only where there is no network at all.
const FILES = [];
const CACHE = "hilum-app-0";
const here = (name) => new URL(name, registration.scope).href;
const known = new Set(FILES.map(([name]) => here(name)));

addEventListener("install", (event) => {
  // Each file is compared with the build's digest: a server between two builds gives no mixture.
  const requests = FILES.map(([name, integrity]) => new Request(here(name), { integrity, cache: "no-cache", credentials: "same-origin" }));
  const take = async () => {
    try {
      await (await caches.open(CACHE)).addAll(requests);
    } catch (error) {
      await caches.delete(CACHE);
      throw error;
    }
    await skipWaiting();
  };
  event.waitUntil(take());
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("hilum-app-") && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

// Pages whose document came from the network: they get no kept file, which could be of another build.
const fromNetwork = new Set();

addEventListener("fetch", (event) => {
  const { request, clientId, resultingClientId } = event;
  const [address] = request.url.split(/[?#]/);
  // The page's own address may carry a language or a study.
  const opens = request.mode === "navigate" && [here(""), here("index.html")].includes(address);
  const name = opens ? here("index.html") : request.url;
  if (request.method !== "GET" || !known.has(name)) return;
  const answer = async () => {
    try {
      const response = await fetch(request);
      if (opens) fromNetwork.add(resultingClientId);
      return response;
    } catch (error) {
      const mixes = !opens && fromNetwork.has(clientId);
      const kept = mixes ? undefined : await caches.open(CACHE).then((cache) => cache.match(name));
      if (!kept) throw error;
      return kept;
    }
  };
  event.respondWith(answer());
});
