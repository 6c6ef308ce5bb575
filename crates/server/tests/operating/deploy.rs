//! The files of `deploy/` allow every upload and log no secret.

use kefu::listen::UPLOAD_MAX;

fn deployed(name: &str) -> String {
    let path = format!("{}/../../deploy/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The values of a directive, in all lines that begin with it.
fn all<'t>(text: &'t str, directive: &'t str) -> impl Iterator<Item = &'t str> {
    let rest =
        move |line: &'t str| line.trim().strip_prefix(directive)?.trim().strip_suffix(';').or(Some(""));
    text.lines().filter_map(rest)
}

#[test]
fn proxies_let_every_upload_through() {
    let nginx = deployed("nginx.conf");
    let sizes: Vec<_> = all(&nginx, "client_max_body_size ").collect();
    assert!(!sizes.is_empty(), "without a directive nginx accepts one MiB");
    for size in sizes {
        let mib: usize = size.strip_suffix('m').unwrap().parse().unwrap();
        assert!(mib << 20 >= UPLOAD_MAX, "{size}");
    }
    let caddy = deployed("Caddyfile");
    let size = caddy.lines().find_map(|line| line.trim().strip_prefix("max_size ")).unwrap();
    let mb: usize = size.strip_suffix("MB").unwrap().parse().unwrap();
    assert!(mb * 1_000_000 >= UPLOAD_MAX, "{size}");
}

#[test]
fn nginx_logs_no_query() {
    let nginx = deployed("nginx.conf");
    let format = nginx.lines().find(|line| line.starts_with("log_format ")).unwrap();
    // The nginx variables that contain the query of a request.
    for variable in [
        "$request ",
        "$request\"",
        "$request_uri",
        "$args",
        "$query_string",
        "$arg_",
        "$http_referer",
        "$http_cookie",
    ] {
        assert!(!format.contains(variable), "{variable}");
    }
    assert!(all(&nginx, "access_log ").all(|log| log.ends_with(" kefu")) && nginx.contains("access_log "));
    assert!(all(&nginx, "error_log ").all(|log| log.ends_with(" crit")) && nginx.contains("error_log "));
}
