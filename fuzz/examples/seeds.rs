//! Writes the seeds that the targets' worlds make below a folder, one folder for each target.

fn main() -> std::io::Result<()> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    for target in postseal_fuzz::seeds::TARGETS {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)?;
        for (name, octets) in postseal_fuzz::seeds::of(target) {
            std::fs::write(folder.join(name), octets)?;
        }
    }
    Ok(())
}
