//! The headers that a server should send with the page: one list for the demonstration server and for the snippets of real ones.

use crate::run::{Outcome, root};
use std::fs;

/// What every response carries beside its own type and length; `policy` is that of the built page.
pub(crate) fn headers(policy: &str) -> Vec<(&'static str, String)> {
    [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Permissions-Policy", PERMISSIONS),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// Nothing that a page can ask of the computer beside its screen and files.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
    idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), \
    xr-spatial-tracking=()";

/// Of servers that speak HTTPS: browsers come back by it alone, for two years.
const TRANSPORT: (&str, &str) = ("Strict-Transport-Security", "max-age=63072000");

/// The policy of the built page itself, and what only a header can say.
pub(crate) fn policy() -> Outcome<String> {
    let page = fs::read_to_string(root().join("dist/index.html"))
        .map_err(|e| format!("dist/index.html: {e}; cargo xtask build makes it"))?;
    let own = policy_of(&page).ok_or("dist/index.html has no Content-Security-Policy")?;
    Ok(format!("{own}; frame-ancestors 'none'"))
}

/// The content of a page's Content-Security-Policy, if it has one.
pub(crate) fn policy_of(page: &str) -> Option<&str> {
    let (_, after) = page.split_once("http-equiv=\"Content-Security-Policy\"")?;
    let (_, content) = after.split_once('>')?.0.split_once("content=\"")?;
    content.split_once('"').map(|(policy, _)| policy)
}

/// Writes the snippets of real servers to `target/deploy/`.
pub(crate) fn write_snippets() -> Outcome {
    let folder = root().join("target/deploy");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let headers = headers(&policy()?);
    for (name, text) in [("nginx.conf", nginx(&headers)), ("Caddyfile", caddy(&headers)), ("orthanc.json", orthanc())] {
        fs::write(folder.join(name), text).map_err(|e| format!("{name}: {e}"))?;
    }
    println!("target/deploy: headers for nginx and Caddy, folders for Orthanc (docs/deploy.md)");
    Ok(())
}

/// Files whose names hold a digest of their contents, which is written without its leading zeros.
const HASHED: &str = r"-[0-9a-f]{8,16}(_bg)?\.";

/// The page from a folder, and an archive on the same machine behind the same name.
fn nginx(headers: &[(&str, String)]) -> String {
    // `add_header` of a location replaces those above it: the list stands in one place alone, and what nginx passes on has its own.
    let transport = (TRANSPORT.0, TRANSPORT.1.to_owned());
    let lines: String = headers
        .iter()
        .chain([&transport])
        .map(|(name, value)| format!("    add_header {name} \"{value}\" always;\n"))
        .collect();
    format!(
        "# Inside `http`, beside `include mime.types;` (which must know .wasm as application/wasm).\n\
         map $uri $hilum_cache {{\n    default \"no-cache\";\n    \"~{HASHED}\" \"public, max-age=31536000, immutable\";\n}}\n\
         server {{\n    listen 443 ssl;\n    server_name hilum.example;\n    ssl_certificate /etc/ssl/hilum.pem;\n    \
         ssl_certificate_key /etc/ssl/hilum.key;\n    root /srv/hilum;\n    index index.html;\n    server_tokens off;\n{lines}    \
         add_header Cache-Control $hilum_cache always;\n    # Without an archive on this machine, leave this out.\n    \
         location /dicom-web/ {{\n        proxy_pass http://127.0.0.1:8042;\n        proxy_set_header Host $http_host;\n        \
         proxy_request_buffering off;\n        client_max_body_size 512m;\n    }}\n}}\n"
    )
}

fn caddy(headers: &[(&str, String)]) -> String {
    let transport = (TRANSPORT.0, TRANSPORT.1.to_owned());
    let lines: String =
        headers.iter().chain([&transport]).map(|(name, value)| format!("        {name} \"{value}\"\n")).collect();
    // What goes wrong has routes of its own, and matchers do not overrule what stands without one.
    format!(
        "(hilum) {{\n    header {{\n{lines}        -Server\n    }}\n}}\nhilum.example {{\n    import hilum\n    \
         @hashed path_regexp {HASHED}\n    @named not path_regexp {HASHED}\n    \
         header @hashed Cache-Control \"public, max-age=31536000, immutable\"\n    header @named Cache-Control no-cache\n    \
         root * /srv/hilum\n    # Without an archive on this machine, leave this out.\n    \
         reverse_proxy /dicom-web/* 127.0.0.1:8042\n    file_server\n    handle_errors {{\n        import hilum\n        \
         header Cache-Control no-cache\n    }}\n}}\n"
    )
}

/// Orthanc serves folders but sends no headers of one's own: those come from the server before it, and the page's own policy
/// holds in any case.
fn orthanc() -> String {
    "{\n  \"ServeFolders\": {\n    \"AllowCache\": false,\n    \"GenerateETag\": true,\n    \"Extensions\": { \"wasm\": \"application/wasm\" },\n    \
     \"Folders\": { \"/hilum\": \"/srv/hilum\" }\n  }\n}\n"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{caddy, headers, nginx, policy_of};

    #[test]
    fn every_server_sends_every_header() {
        let headers = headers("default-src 'none'; frame-ancestors 'none'");
        for text in [nginx(&headers), caddy(&headers)] {
            for (name, value) in &headers {
                assert!(text.contains(name) && text.contains(value), "{name} in {text}");
            }
        }
    }

    #[test]
    fn the_header_repeats_the_pages_policy() {
        let page = "<head><meta charset=\"utf-8\" />\n<meta\n http-equiv=\"Content-Security-Policy\"\n content=\"default-src 'none'; script-src 'self'\"\n/>";
        assert_eq!(policy_of(page), Some("default-src 'none'; script-src 'self'"));
        assert_eq!(policy_of("<meta charset=\"utf-8\" />"), None);
    }
}
