//! G12: the gzipped size of all scripts and styles of each page.

use crate::measure::report::{Goal, Line, Report};
use crate::measure::round::Spread;
use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::io::Write as _;

/// A page's file, its name for people, and the most it may load, kB.
const PAGES: [(&str, &str, f64); 2] =
    [("workbench.html", "workbench", 80.0), ("chat.html", "customer page", 40.0)];

pub(crate) fn measure() -> anyhow::Result<Vec<Report>> {
    let mut report = Report { title: "G12 what a page loads, gzipped".into(), ..Report::default() };
    for (page, name, most) in PAGES {
        let html = read(page)?;
        let files = named(&html);
        ensure!(files.len() >= 2, "{page} has no script or no style");
        let mut bytes = 0;
        for file in &files {
            bytes += gzipped(read(file)?.as_bytes())?;
        }
        let (goal, figures) = (Some(Goal::AtMost(most)), format!("{} scripts and styles", files.len()));
        report.lines.push(Line { name, spread: Spread::of([bytes as f64 / 1e3]), unit: "kB", goal, figures });
        report.plain.push(format!("{name}: {:.1} kB of scripts and styles, gzipped", bytes as f64 / 1e3));
    }
    Ok(vec![report])
}

fn read(path: &str) -> anyhow::Result<String> {
    let page = pages::page(path).with_context(|| format!("there is no {path} among the built pages"))?;
    Ok(String::from_utf8(page.bytes.into_owned())?)
}

/// The scripts and styles of a page; a built page names all of them.
fn named(html: &str) -> BTreeSet<&str> {
    let paths = html.split('"').filter_map(|part| part.strip_prefix("/desk/"));
    paths.filter(|path| path.ends_with(".js") || path.ends_with(".css")).collect()
}

fn gzipped(file: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(file)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::{gzipped, named};

    #[test]
    fn each_script_and_style_counts_once_and_nothing_else_does() {
        let html = r#"<link rel="icon" href="/desk/assets/icon.svg"><link rel="modulepreload" href="/desk/assets/a.js">
            <script type="module" src="/desk/assets/a.js"></script><link rel="stylesheet" href="/desk/assets/b.css">"#;
        assert_eq!(named(html).into_iter().collect::<Vec<_>>(), ["assets/a.js", "assets/b.css"]);
    }

    #[test]
    fn it_is_gzipped() -> anyhow::Result<()> {
        assert!(gzipped(&[b'a'; 10_000])? < 100);
        Ok(())
    }
}
