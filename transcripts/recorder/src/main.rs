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
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            fs::remove_file(path)?;
        }
    }
    let scenes = scenes();
    let mut size = 0_usize;
    for scene in &scenes {
        let text = scene.record(&folder).write();
        size = size.saturating_add(text.len());
        fs::write(folder.join(format!("{}.toml", scene.name)), text)?;
    }
    println!("{} transcripts, {size} octets", scenes.len());
    Ok(())
}
