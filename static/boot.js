// Starts the page's program. Names stand on the script element, for an inline loader is not allowed.
const { js, wasm, integrity } = document.querySelector("script[data-wasm]").dataset;
const place = (name) => new URL(name, document.baseURI);

// What may become markup or a script, where the browser asks (Trusted Types): the markup of the program's own templates, which holds
// nothing that acts or loads, and the two scripts that are started by name. All else is refused by the browser.
const TAGS =
  "a|article|aside|b|br|button|canvas|caption|circle|code|col|dd|defs|details|div|dl|dt|em|fieldset|figcaption|figure|footer|g|h[1-6]|header|hr|i|input|kbd|label|legend|li|line|main|nav|ol|option|output|p|path|polygon|polyline|progress|rect|section|select|small|span|strong|sub|summary|sup|svg|table|tbody|td|text|textarea|tfoot|th|thead|time|title|tr|tspan|ul";
const MARKUP = new RegExp(`^(?:[^<>]|</?(?:${TAGS})(?:\\s+(?!on|href|src|style|form|xlink)[a-z][a-z0-9-]*(?:="[^"<>]*")?)*\\s*/?>)*$`, "i");
const SCRIPTS = ["worker_boot.js", "service_worker.js"];
globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (text) => (MARKUP.test(text) ? text : null),
  createScriptURL: (text) => (SCRIPTS.some((name) => place(name).href === place(text).href) ? text : null),
});

const { default: init } = await import(place(js));
await init({ module_or_path: fetch(place(wasm), integrity ? { integrity } : {}) });

// The app, never data, for the next time that there is no network.
navigator.serviceWorker?.register("service_worker.js").catch((error) => console.debug("not kept for offline use:", error));
