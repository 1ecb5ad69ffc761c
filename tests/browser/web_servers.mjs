// nginx, Caddy and Orthanc as a hospital would run them, with the files that the build writes for them (target/deploy), over HTTPS where
// they speak it. The programs are unpacked from their Debian packages (xtask/src/machine.rs): nothing is installed.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { root } from "./page.mjs";
import { dist, freePort, startOrthanc } from "./servers.mjs";

const programs = process.env.HILUM_SERVERS ?? path.join(os.homedir(), ".cache/hilum/servers");
const deploy = (name) => fs.readFileSync(path.join(root, "target/deploy", name), "utf8");

/// A certificate for this machine, in a folder.
export function certificate(folder) {
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => path.join(folder, name));
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`;
  execFileSync("openssl", words.split(" "), { stdio: "ignore" });
  return { key, cert };
}

/// Each of these must be there to be replaced: a snippet that changes is noticed.
function replaced(text, pairs) {
  return pairs.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${from} is not in\n${text}`);
    return text.replaceAll(from, to);
  }, text);
}

async function running(program, words, folder, port, env = {}) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOME: folder, ...env } });
  let said = "";
  child.stdout.on("data", (d) => (said += d));
  child.stderr.on("data", (d) => (said += d));
  const close = () => {
    child.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  for (let n = 0; n < 120 && child.exitCode === null; n++) {
    const up = await new Promise((resolve) => {
      const line = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => resolve(true));
      line.on("secureConnect", () => line.end()).on("error", () => resolve(false));
    });
    if (up) return { address: `https://127.0.0.1:${port}/`, close, said: () => said };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  close();
  throw new Error(`${program} did not start:\n${said.slice(-2000)}`);
}

const newFolder = (name) => fs.mkdtempSync(path.join(os.tmpdir(), `hilum-${name}-`));

/// `more` are lines of its server block.
export async function startNginx(archive, more = "") {
  const [folder, port] = [newFolder("nginx"), await freePort()];
  const { key, cert } = certificate(folder);
  const server = replaced(deploy("nginx.conf"), [
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    ["/etc/ssl/hilum.pem", cert],
    ["/etc/ssl/hilum.key", key],
    ["/srv/hilum", dist],
    ["127.0.0.1:8042", `127.0.0.1:${archive.port}`],
    ["    # Without an archive", `${more}\n    # Without an archive`],
  ]);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  const user = process.getuid() === 0 ? "user root;" : "";
  const file = path.join(folder, "nginx.conf");
  fs.writeFileSync(
    file,
    `${user} daemon off; pid ${folder}/pid; error_log stderr; events {}\nhttp { ${places} access_log off; include ${programs}/etc/nginx/mime.types;\n${server}}\n`,
  );
  return running(path.join(programs, "usr/sbin/nginx"), ["-p", folder, "-e", "stderr", "-c", file], folder, port);
}

export async function startCaddy(archive) {
  const [folder, port] = [newFolder("caddy"), await freePort()];
  const { key, cert } = certificate(folder);
  const server = replaced(deploy("Caddyfile"), [
    ["hilum.example {", `https://127.0.0.1:${port} {\n    tls ${cert} ${key}`],
    ["/srv/hilum", dist],
    ["127.0.0.1:8042", `127.0.0.1:${archive.port}`],
  ]);
  const file = path.join(folder, "Caddyfile");
  fs.writeFileSync(file, `{\n    admin off\n    auto_https disable_redirects\n}\n${server}`);
  const env = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return running(path.join(programs, "usr/bin/caddy"), ["run", "--config", file, "--adapter", "caddyfile"], folder, port, env);
}

/// An archive that serves the page itself.
export async function startServingOrthanc() {
  const configuration = JSON.parse(replaced(deploy("orthanc.json"), [["/srv/hilum", dist]]));
  const archive = await startOrthanc(configuration, ["/usr/share/orthanc/plugins/libServeFolders.so"]);
  return { ...archive, address: `http://127.0.0.1:${archive.port}/hilum/index.html` };
}
