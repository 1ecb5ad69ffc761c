// Looks at a finished bundle: what each WebAssembly program asks of its host, and how large it is.
// A program may import from its own JavaScript module alone: an import from `env` is a C function nobody provides.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const folder = process.argv[2];
const compress = process.argv[3] === "compress";
const mega = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
let sound = true;
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".wasm")).sort()) {
  const bytes = await readFile(join(folder, name));
  const modules = new Set(WebAssembly.Module.imports(await WebAssembly.compile(bytes)).map(({ module }) => module));
  const strange = [...modules].filter((module) => !module.startsWith("./") && !module.startsWith("__wbindgen"));
  if (strange.length > 0) {
    console.error(`${name} asks for ${strange.join(", ")}, which no browser provides`);
    sound = false;
  }
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: compress ? 9 : 5 } };
  console.log(`${name}: ${mega(bytes.length)}, ${mega(brotliCompressSync(bytes, options).length)} with brotli`);
}
process.exit(sound ? 0 : 1);
