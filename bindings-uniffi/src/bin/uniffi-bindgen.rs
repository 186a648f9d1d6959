//! Generates the Kotlin, Swift and Ruby files.

fn main() {
    uniffi::uniffi_bindgen_main();
}
