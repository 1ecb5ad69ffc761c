// A small identity provider for the tests: OpenID Connect's authorization code flow with PKCE, strict in what it takes, and able to misbehave.
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";

const random = () => randomBytes(24).toString("base64url");
/// How long a token lives, s.
const LIFE = 40;

export async function startProvider() {
  const codes = new Map();
  const good = new Map();
  const refreshes = new Set();
  const allowed = { redirect: null, origin: null };
  /// What sessions were ended with; how long a request for a token takes, ms, and what it was asked for with.
  const provider = { mischief: null, ended: [], slow: 0, asked: [] };
  const body = (request) =>
    new Promise((resolve) => {
      let text = "";
      request.on("data", (d) => (text += d)).on("end", () => resolve(new URLSearchParams(text)));
    });
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, provider.issuer);
    const json = (status, value) =>
      response
        .writeHead(status, { "content-type": "application/json", "cache-control": "no-store", "access-control-allow-origin": allowed.origin })
        .end(JSON.stringify(value));
    if (url.pathname === "/.well-known/openid-configuration") {
      const at = (name) => `${provider.issuer}/${name}`;
      return json(200, { issuer: provider.issuer, authorization_endpoint: at("authorize"), token_endpoint: at("token"), end_session_endpoint: at("logout") });
    }
    if (url.pathname === "/authorize" && request.method === "GET") {
      const wrong =
        url.searchParams.get("redirect_uri") !== allowed.redirect ||
        url.searchParams.get("client_id") !== "hilum" ||
        url.searchParams.get("response_type") !== "code" ||
        url.searchParams.get("code_challenge_method") !== "S256" ||
        !/^openid( |$)/.test(url.searchParams.get("scope")) ||
        !["state", "nonce", "code_challenge"].every((name) => (url.searchParams.get(name) ?? "").length >= 32);
      if (wrong) return response.writeHead(400).end("not asked as it should be");
      response.writeHead(200, { "content-type": "text/html" });
      return response.end(`<form method="post" action="${url.pathname}${url.search}"><input id="user" name="user"><button id="go">Sign in</button></form>`);
    }
    if (url.pathname === "/authorize") {
      const { mischief } = provider;
      await body(request);
      const code = random();
      codes.set(code, { challenge: url.searchParams.get("code_challenge"), nonce: url.searchParams.get("nonce") });
      const answer = new URL(allowed.redirect);
      answer.searchParams.set("state", mischief === "state" ? random() : url.searchParams.get("state"));
      answer.searchParams.set("iss", mischief === "issuer" ? "https://another.example" : provider.issuer);
      if (mischief === "denied") answer.searchParams.set("error", "access_denied"), answer.searchParams.set("error_description", "not today");
      else answer.searchParams.set("code", code);
      return response.writeHead(302, { location: answer.href }).end();
    }
    if (url.pathname === "/token" && request.method === "POST") {
      const form = await body(request);
      const { mischief } = provider;
      provider.asked.push(form.get("grant_type"));
      await new Promise((resolve) => setTimeout(resolve, provider.slow));
      let nonce;
      if (form.get("grant_type") === "authorization_code") {
        const known = codes.get(form.get("code"));
        codes.delete(form.get("code"));
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
        const fits = known && known.challenge === challenge && form.get("redirect_uri") === allowed.redirect && form.get("client_id") === "hilum";
        if (!fits || mischief === "verifier") return json(400, { error: "invalid_grant" });
        nonce = known.nonce;
      } else if (form.get("grant_type") !== "refresh_token" || !refreshes.delete(form.get("refresh_token"))) {
        return json(400, { error: "invalid_grant" });
      }
      const [access, refresh] = [random(), random()];
      good.set(access, Date.now() + LIFE * 1000);
      refreshes.add(refresh);
      const claims = {
        iss: provider.issuer,
        aud: mischief === "audience" ? "another" : "hilum",
        nonce: mischief === "nonce" ? random() : nonce,
        exp: Math.floor(Date.now() / 1000) + LIFE,
        sub: "lea",
      };
      const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const id = nonce ? { id_token: `${part({ alg: "none" })}.${part(claims)}.` } : {};
      return json(200, { access_token: access, token_type: "Bearer", expires_in: LIFE, refresh_token: refresh, ...id });
    }
    if (url.pathname === "/logout") {
      provider.ended.push(Object.fromEntries(url.searchParams));
      return response.writeHead(200, { "content-type": "text/html" }).end("<p>Signed out</p>");
    }
    response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.issuer = `http://127.0.0.1:${server.address().port}`;
  /// The page that windows may come back to, and the origin that may read tokens.
  provider.allow = (redirect, origin) => Object.assign(allowed, { redirect, origin });
  provider.isGood = (token) => (good.get(token) ?? 0) > Date.now();
  provider.close = () => server.close();
  return provider;
}
