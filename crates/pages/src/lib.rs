//! The built pages of `web/`, embedded in the program, and how to find a file of them.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web/dist"]
struct Dist;

/// One file of the pages, ready to be served.
pub struct Page {
    /// The file itself.
    pub bytes: Cow<'static, [u8]>,
    /// For the header `Content-Type`.
    pub content_type: &'static str,
    /// A hash of the bytes, in hexadecimal, for the header `ETag`.
    pub hash: String,
}

/// All files of the build by their paths: `workbench.html`, `chat.html`, `debug.html`, `start.html` and `assets/…`.
/// Names under `assets/` contain a hash of the file, so browsers may cache them for ever.
pub fn all() -> impl Iterator<Item = (Cow<'static, str>, Page)> {
    Dist::iter().filter_map(|path| page(&path).map(|page| (path, page)))
}

/// One file of the build by its path.
pub fn page(path: &str) -> Option<Page> {
    let file = Dist::get(path)?;
    let hash = file.metadata.sha256_hash();
    let hash = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Page { bytes: file.data, content_type: content_type(path), hash })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{all, page};

    #[test]
    fn all_pages_and_everything_they_name_are_here() {
        for name in ["workbench.html", "chat.html", "debug.html"] {
            let html = page(name).expect(name);
            assert_eq!(html.content_type, "text/html; charset=utf-8");
            let text = String::from_utf8(html.bytes.into_owned()).expect("UTF-8");
            let named: Vec<&str> = text.split('"').filter_map(|part| part.strip_prefix("/desk/")).collect();
            assert!(named.len() >= 3, "{name} names a script, a style and an icon");
            for path in named {
                let asset = page(path).expect(path);
                assert_ne!(asset.content_type, "application/octet-stream", "{path}");
            }
        }
    }

    #[test]
    fn the_start_page_has_a_style_and_no_script() {
        let html = page("start.html").expect("start.html");
        let text = String::from_utf8(html.bytes.into_owned()).expect("UTF-8");
        assert!(!text.contains("<script") && text.contains("<!--demo-->") && text.contains("<!--/demo-->"));
        let named: Vec<&str> =
            text.split('"').filter_map(|part| part.strip_prefix("/desk/assets/")).collect();
        assert!(named.iter().any(|name| name.ends_with(".css")), "{named:?}");
        assert!(named.iter().all(|name| page(&format!("assets/{name}")).is_some()), "{named:?}");
    }

    #[test]
    fn an_unknown_path_is_absent() {
        assert!(page("").is_none());
        assert!(page("../Cargo.toml").is_none());
        assert!(page("assets/none.js").is_none());
        assert!(all().all(|(path, _)| page(&path).is_some()) && all().count() > 3);
    }
}
