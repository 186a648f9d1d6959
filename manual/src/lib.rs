//! The manual, as chapters beside the API. The same pages are a book (`just book`), and [introduction] is its first one.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
