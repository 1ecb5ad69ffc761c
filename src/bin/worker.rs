//! The worker: decoders and analysis. Hands messages to the job runner.
#[cfg(target_arch = "wasm32")]
mod c_library;

fn main() {
    #[cfg(target_arch = "wasm32")]
    {
        console_error_panic_hook::set_once();
        if console_log::init_with_level(log::Level::Info).is_err() {
            log::debug!("the log was there already");
        }
        hilum::platform::worker_host::listen();
    }
}
