//! Adapter, device, limits, and the news that the device is gone.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// WebGPU in a browser.
    WebGpu,
    /// WebGL2 in a browser.
    WebGl2,
    /// A native driver.
    Native,
}

/// Why nothing can be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No adapter, or none that can draw here.
    #[error("no GPU adapter: {0}")]
    NoAdapter(String),
    /// The adapter is the processor by a longer way, and that was not asked for.
    #[error("the GPU is simulated by the processor: {0}")]
    Simulated(String),
    /// The adapter gave no device.
    #[error("no GPU device: {0}")]
    NoDevice(String),
    /// A known colour was drawn and another one read back.
    #[error("the GPU drew a wrong picture: {0}")]
    WrongPicture(String),
    /// The volume is larger than a 3D texture may be.
    #[error("the volume of {found} voxels along an axis is beyond the GPU's limit of {limit}")]
    VolumeTooLarge {
        /// The longest axis.
        found: u32,
        /// What the adapter allows.
        limit: u32,
    },
}

/// Whether the device is gone or its memory is full, and who is to be told.
#[derive(Default)]
pub(super) struct Loss {
    happened: AtomicBool,
    out_of_memory: AtomicBool,
    listener: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Loss {
    pub(super) fn happen(&self) {
        self.happened.store(true, Ordering::Relaxed);
        self.tell_now();
    }
    /// An error that nobody waited for.
    fn hear(&self, error: &wgpu::Error) {
        log::error!("GPU: {error}");
        if matches!(error, wgpu::Error::OutOfMemory { .. }) {
            self.out_of_memory.store(true, Ordering::Relaxed);
            self.tell_now();
        }
    }
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.out_of_memory.load(Ordering::Relaxed)
    }
    fn tell_now(&self) {
        if let Ok(Some(tell)) = self.listener.lock().as_deref() {
            tell();
        }
    }
    pub(super) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Relaxed)
    }
    pub(super) fn tell(&self, listener: impl Fn() + Send + 'static) {
        if let Ok(mut slot) = self.listener.lock() {
            *slot = Some(Box::new(listener));
        }
    }
}

/// A device and how it is doing.
pub(super) struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) backend: Backend,
    pub(super) loss: Arc<Loss>,
}

impl Gpu {
    /// A device of an adapter, with the adapter's own texture and buffer sizes.
    pub(super) async fn open(adapter: &wgpu::Adapter) -> Result<Self, RenderError> {
        let info = adapter.get_info();
        let backend = match info.backend {
            wgpu::Backend::BrowserWebGpu => Backend::WebGpu,
            wgpu::Backend::Gl => Backend::WebGl2,
            _ => Backend::Native,
        };
        let least = match backend {
            Backend::WebGl2 => wgpu::Limits::downlevel_webgl2_defaults(),
            _ => wgpu::Limits::downlevel_defaults(),
        };
        let adapters = adapter.limits();
        let mut limits = least.using_resolution(adapters.clone());
        limits.max_buffer_size = adapters.max_buffer_size;
        let descriptor = wgpu::DeviceDescriptor { label: Some("hilum"), required_limits: limits, ..Default::default() };
        let (device, queue) =
            adapter.request_device(&descriptor).await.map_err(|e| RenderError::NoDevice(e.to_string()))?;
        let loss = Arc::new(Loss::default());
        let lost = loss.clone();
        device.set_device_lost_callback(move |reason, message| {
            log::warn!("GPU device lost: {reason:?} {message}");
            lost.happen();
        });
        let heard = loss.clone();
        device.on_uncaptured_error(Arc::new(move |error| heard.hear(&error)));
        Ok(Self { device, queue, backend, loss })
    }
}

/// Whether there was memory for something.
pub(super) type Fits = Pin<Box<dyn Future<Output = bool>>>;

/// Makes what may be too large for the memory and can be done without; and says, later, whether there was memory for it. Where there
/// was not, the device goes on, and what was made is not to be used.
pub(super) fn attempt<T>(device: &wgpu::Device, make: impl FnOnce() -> T) -> (T, Fits) {
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let made = make();
    let error = scope.pop();
    let fits = async move {
        let error = error.await;
        if let Some(error) = &error {
            log::warn!("GPU: {error}");
        }
        error.is_none()
    };
    (made, Box::pin(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_done_without_may_be_too_large() {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let Ok(adapter) = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no GPU driver, and this run must have one");
            return println!("skipped, no GPU driver");
        };
        let gpu = pollster::block_on(Gpu::open(&adapter)).expect("a device");
        let make = |side: u32, layers: u32| {
            gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width: side, height: side, depth_or_array_layers: layers },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage: wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            })
        };
        let limits = gpu.device.limits();
        let too_large = || make(limits.max_texture_dimension_2d, limits.max_texture_array_layers);
        assert!(pollster::block_on(attempt(&gpu.device, || make(64, 1)).1));
        assert!(!pollster::block_on(attempt(&gpu.device, too_large).1));
        assert!(!gpu.loss.is_out_of_memory() && !gpu.loss.has_happened());
        too_large();
        assert!(gpu.loss.is_out_of_memory());
    }

    #[test]
    fn full_memory_is_told_and_is_no_lost_device() {
        let (loss, told) = (Loss::default(), Arc::new(AtomicBool::new(false)));
        let listener = told.clone();
        loss.tell(move || listener.store(true, Ordering::Relaxed));
        loss.hear(&wgpu::Error::Internal { source: "".into(), description: String::new() });
        assert!(!loss.is_out_of_memory() && !told.load(Ordering::Relaxed));
        loss.hear(&wgpu::Error::OutOfMemory { source: "".into() });
        assert!(loss.is_out_of_memory() && told.load(Ordering::Relaxed) && !loss.has_happened());
    }
}
