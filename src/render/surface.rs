//! A canvas to draw on, and the proof that it can be drawn on.

use super::gpu::{Backend, Gpu, RenderError};
use super::renderer::{Renderer, Target};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::HtmlCanvasElement;

/// Which back end to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// WebGPU.
    WebGpu,
    /// WebGL2.
    WebGl2,
}

impl Renderer {
    /// A renderer on a fresh canvas: one that has given no context yet, for a canvas gives one kind only.
    ///
    /// The device is trusted once known voxels were drawn and read back.
    ///
    /// # Errors
    /// What is missing, or [`RenderError::WrongPicture`]. The canvas is used up then.
    pub async fn on_canvas(canvas: HtmlCanvasElement, preference: Preference) -> Result<Self, RenderError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = match preference {
            Preference::WebGpu => wgpu::Backends::BROWSER_WEBGPU,
            Preference::WebGl2 => wgpu::Backends::GL,
        };
        let instance = wgpu::Instance::new(descriptor);
        let no_adapter = |e: String| RenderError::NoAdapter(e);
        let surface = instance
            .create_surface(wgpu::SurfaceTarget::Canvas(canvas.clone()))
            .map_err(|e| no_adapter(e.to_string()))?;
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            compatible_surface: Some(&surface),
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|e| no_adapter(e.to_string()))?;
        let gpu = Gpu::open(&adapter).await?;
        if gpu.backend == Backend::WebGl2 {
            // Here the canvas says it, not the device.
            let loss = gpu.loss.clone();
            let lost = Closure::<dyn Fn()>::new(move || loss.happen());
            let told = canvas.add_event_listener_with_callback("webglcontextlost", lost.as_ref().unchecked_ref());
            told.unwrap_or_else(|e| log::warn!("{e:?}"));
            // It goes with its canvas.
            lost.forget();
        }
        let mut configuration = surface
            .get_default_config(&adapter, 4, 4)
            .ok_or_else(|| no_adapter("the canvas does not fit the adapter".to_owned()))?;
        // Grey is display grey: no format that turns it into something else.
        configuration.format = configuration.format.remove_srgb_suffix();
        configuration.alpha_mode = wgpu::CompositeAlphaMode::Opaque;
        let capabilities = surface.get_capabilities(&adapter);
        // Where a finished picture may be copied onto the canvas, it need not be drawn once more.
        if gpu.backend == Backend::WebGpu {
            configuration.usage |= wgpu::TextureUsages::COPY_DST;
        }
        if !capabilities.alpha_modes.contains(&configuration.alpha_mode) {
            configuration.alpha_mode = wgpu::CompositeAlphaMode::Auto;
        }
        surface.configure(&gpu.device, &configuration);
        let mut renderer = Self::on(gpu, Target::Canvas { surface, configuration });
        renderer.prove().await?;
        Ok(renderer)
    }
}
