//! Writes all transcripts again: `just transcripts`.

use postseal_transcripts::{files, folder, scenes};
use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = folder();
    fs::create_dir_all(folder.join("pki"))?;
    for (name, octets) in files() {
        fs::write(folder.join(name), octets)?;
    }
    let scenes = scenes();
    let texts: Vec<String> = scenes.iter().map(|scene| scene.record(&folder).write()).collect();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            fs::remove_file(path)?;
        }
    }
    let mut size = 0_usize;
    for (scene, text) in scenes.iter().zip(&texts) {
        size = size.saturating_add(text.len());
        fs::write(folder.join(format!("{}.toml", scene.name)), text)?;
    }
    println!("{} transcripts, {size} octets", scenes.len());
    Ok(())
}
