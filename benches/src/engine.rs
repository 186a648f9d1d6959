use postseal::Engine;
use postseal::verify::TrustAnchors;
use std::str::FromStr;

/// Who does the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crypto {
    /// What postseal has without anything else: pure Rust.
    Rust,
}

impl FromStr for Crypto {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "rust" => Ok(Self::Rust),
            other => Err(format!("no such crypto in this build: {other}")),
        }
    }
}

/// The one place where these programs make an engine. Anchors are parsed once; an engine of its own knows nothing else.
pub fn engine(crypto: Crypto, anchors: TrustAnchors) -> Engine {
    match crypto {
        Crypto::Rust => Engine::new(anchors),
    }
}
