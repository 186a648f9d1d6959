//! Writes the seeds of the targets `crl` and `ocsp` below a folder.

fn main() -> std::io::Result<()> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    for target in ["crl", "ocsp"] {
        std::fs::create_dir_all(folder.join(target))?;
        for (name, octets) in postseal_fuzz::revocation_seeds(target) {
            std::fs::write(folder.join(target).join(name), octets)?;
        }
    }
    Ok(())
}
