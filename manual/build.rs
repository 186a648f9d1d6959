//! Makes a module of each page in `docs/SUMMARY.md`, so that what is a book is also chapters of the API documentation.

use std::path::Path;
use std::{env, fs, io};

const REPOSITORY: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/");

fn main() -> io::Result<()> {
    let docs = Path::new("../docs");
    println!("cargo::rerun-if-changed={}", docs.display());
    let summary = fs::read_to_string(docs.join("SUMMARY.md"))?;
    let pages: Vec<&str> = targets(&summary).collect();
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let mut modules = String::new();
    for page in &pages {
        let text = fs::read_to_string(docs.join(page))?;
        let name = module(page);
        fs::write(Path::new(&out).join(page), linked(&text, &pages))?;
        modules.push_str(&format!(
            "#[doc = include_str!(concat!(env!(\"OUT_DIR\"), \"/{page}\"))]\npub mod {name} {{}}\n"
        ));
    }
    fs::write(Path::new(&out).join("pages.rs"), modules)
}

fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

fn module(page: &str) -> String {
    page.trim_end_matches(".md").replace('-', "_")
}

/// Links to other pages become links to their modules, and links to other files lead into the repository.
fn linked(text: &str, pages: &[&str]) -> String {
    let mut linked = text.to_owned();
    for target in targets(text) {
        let (page, heading) = target.split_once('#').map_or((target, None), |(page, heading)| (page, Some(heading)));
        let to = match pages.contains(&page) {
            true => {
                format!("crate::{}{}", module(page), heading.map(|heading| format!("#{heading}")).unwrap_or_default())
            }
            false if target.contains("://") || page.is_empty() => continue,
            false => format!("{REPOSITORY}{target}"),
        };
        linked = linked.replace(&format!("]({target})"), &format!("]({to})"));
    }
    linked
}
