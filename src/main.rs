//! The page: mounts the user interface.
fn main() {
    #[cfg(target_arch = "wasm32")]
    hilum::ui::mount();
}
