// The page and an archive on one origin, as a hospital would serve them; what is sent is recorded.
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { root } from "./page.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};
export const dist = path.resolve(process.env.HILUM_DIST ?? path.join(root, "dist"));

export const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/// Of the tests' campaign.
export const SECRET = "of-these-tests-0123456789-abcdefgh";

/// Serves the bundle; with `archive`, also its DICOMweb, recording every body on the way: at `/dicom-web` as the hospital's, at
/// `/campaign-web` as a campaign's. `dicomweb` adds to the archive's configuration, `configuration` to all of it; `connect` names origins
/// that the page may connect to; `folder` holds another bundle; `answer` may answer for the archive, and says whether it did.
export async function serve(archive, { dicomweb = {}, configuration: more = {}, connect = [], folder = dist, answer = () => false } = {}) {
  const recorded = [];
  const campaign = { name: "STOIC", root: "/campaign-web", sponsor: "AP-HP", protocol: "P-1", site: "S-2", secret: SECRET };
  const configuration = JSON.stringify({
    ...(archive ? { dicomweb: { name: "Orthanc", root: "/dicom-web", ...dicomweb }, campaign } : { dicomweb: null }),
    ...more,
  });
  const server = http.createServer((request, response) => {
    const place = new URL(request.url, "http://here").pathname;
    if (archive && /^\/(dicom|campaign)-web/.test(place)) {
      if (answer(request, response)) return;
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces);
        recorded.push({ method: request.method, url: request.url, body });
        const onward = http.request(
          { host: "127.0.0.1", port: archive.port, path: request.url.replace(/^\/campaign-web/, "/dicom-web"), method: request.method, headers: { ...request.headers, "content-length": body.length } },
          (answer) => {
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
          },
        );
        onward.on("error", () => response.writeHead(502).end());
        onward.end(body);
      });
      return;
    }
    const file = path.join(folder, place === "/" ? "index.html" : place);
    if (place === "/config.json") {
      response.writeHead(200, { "content-type": TYPES[".json"] }).end(configuration);
    } else if (connect.length > 0 && path.basename(file) === "index.html") {
      const text = fs.readFileSync(file, "utf8").replace("connect-src 'self'", ["connect-src 'self'", ...connect].join(" "));
      response.writeHead(200, { "content-type": TYPES[".html"] }).end(text);
    } else if (file.startsWith(folder) && fs.existsSync(file)) {
      response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" });
      fs.createReadStream(file).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  return { address, recorded, close: () => server.close(), cut: () => server.closeAllConnections() };
}

/// A real archive with DICOMweb, in a folder of its own that goes when it is closed. `more` adds to its configuration, `plugins` to its
/// plugins.
export async function startOrthanc(more = {}, plugins = []) {
  const port = await freePort();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hilum-orthanc-"));
  const configuration = path.join(folder, "orthanc.json");
  fs.writeFileSync(
    configuration,
    JSON.stringify({
      Name: "hilum-test",
      StorageDirectory: path.join(folder, "storage"),
      IndexDirectory: path.join(folder, "index"),
      HttpPort: port,
      DicomServerEnabled: false,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      Plugins: ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so", ...plugins],
      DicomWeb: { Enable: true, Root: "/dicom-web/" },
      ...more,
    }),
  );
  const child = spawn("Orthanc", [configuration], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (d) => (said += d));
  child.stderr.on("data", (d) => (said += d));
  const close = () => {
    child.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  for (let n = 0; n < 120; n++) {
    if (child.exitCode !== null) break;
    const up = await fetch(`http://127.0.0.1:${port}/system`).then((r) => r.ok, () => false);
    if (up) return { port, close };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  close();
  throw new Error(`Orthanc did not start:\n${said.slice(-2000)}`);
}
