//! Writes the seeds of the targets `crl`, `ocsp` and `directory-value` below a folder.

fn main() -> std::io::Result<()> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    for target in ["crl", "ocsp"] {
        std::fs::create_dir_all(folder.join(target))?;
        for (name, octets) in postseal_fuzz::revocation_seeds(target) {
            std::fs::write(folder.join(target).join(name), octets)?;
        }
    }
    let folder = folder.join("directory-value");
    std::fs::create_dir_all(&folder)?;
    for (number, octets) in postseal_fuzz::directory_value_seeds().iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), octets)?;
    }
    Ok(())
}
