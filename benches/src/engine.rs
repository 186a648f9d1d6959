use postseal::Engine;
use postseal::verify::TrustAnchors;
use postseal_adapters::crypto::{Accelerated, AwsLc};
use std::str::FromStr;
use std::sync::Arc;

/// Who does the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crypto {
    /// What postseal has without anything else: pure Rust.
    #[default]
    Rust,
    /// RSA on AVX-512-IFMA.
    Accel,
    /// AWS-LC.
    AwsLc,
}

impl Crypto {
    /// What `--crypto NAME` says on the command line of a program that takes nothing else.
    pub fn from_arguments() -> Result<Self, String> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Ok(Self::default()),
            ["--crypto", name] => name.parse(),
            _ => Err("there is only --crypto NAME".to_owned()),
        }
    }
}

impl FromStr for Crypto {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "rust" => Ok(Self::Rust),
            "accel" => Ok(Self::Accel),
            "aws-lc" => Ok(Self::AwsLc),
            other => Err(format!("no such crypto in this build: {other}")),
        }
    }
}

/// The one place where these programs make an engine. It knows what was found out about the keys of these anchors before, and
/// nothing else.
pub fn engine(crypto: Crypto, anchors: TrustAnchors) -> Engine {
    match crypto {
        Crypto::Rust => Engine::new(anchors),
        Crypto::Accel => Engine::new(anchors).with_crypto(Arc::new(Accelerated)),
        Crypto::AwsLc => Engine::new(anchors).with_crypto(Arc::new(AwsLc)),
    }
}
