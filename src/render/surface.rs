//! A canvas to draw on, and the proof that it can be drawn on.

use super::gpu::{Backend, Gpu, RenderError};
use super::renderer::Renderer;
use super::sheet::Target;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlCanvasElement, WebGl2RenderingContext, WebglLoseContext};

/// Which back end to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// WebGPU.
    WebGpu,
    /// WebGL2.
    WebGl2,
}

impl Renderer {
    /// A renderer on fresh canvases: such as have given no context yet, for a canvas gives one kind only. With one canvas, all panes
    /// are drawn on it; with several, each pane on its own, in the order of the frame. WebGL2 can draw on one only.
    ///
    /// A GPU that the processor simulates is refused unless `simulated`. The device is trusted once known voxels were drawn and read back.
    ///
    /// # Errors
    /// What is missing, or [`RenderError::WrongPicture`]. The canvases are used up then.
    pub async fn on_canvases(
        canvases: &[HtmlCanvasElement],
        preference: Preference,
        simulated: bool,
    ) -> Result<Self, RenderError> {
        let made = Self::try_canvases(canvases, preference, simulated).await;
        if made.is_err() && preference == Preference::WebGl2 {
            canvases.iter().for_each(let_go);
        }
        made
    }

    async fn try_canvases(
        canvases: &[HtmlCanvasElement],
        preference: Preference,
        simulated: bool,
    ) -> Result<Self, RenderError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = match preference {
            Preference::WebGpu => wgpu::Backends::BROWSER_WEBGPU,
            Preference::WebGl2 => wgpu::Backends::GL,
        };
        let instance = wgpu::Instance::new(descriptor);
        let no_adapter = |e: String| RenderError::NoAdapter(e);
        let surface = |canvas: &HtmlCanvasElement| {
            instance.create_surface(wgpu::SurfaceTarget::Canvas(canvas.clone())).map_err(|e| no_adapter(e.to_string()))
        };
        let surfaces = canvases.iter().map(surface).collect::<Result<Vec<_>, _>>()?;
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            compatible_surface: surfaces.first(),
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|e| no_adapter(e.to_string()))?;
        let info = adapter.get_info();
        if info.device_type == wgpu::DeviceType::Cpu && !simulated {
            return Err(RenderError::Simulated(info.name));
        }
        let gpu = Gpu::open(&adapter).await?;
        if let (Backend::WebGl2, [canvas, ..]) = (gpu.backend, canvases) {
            // Here the canvas says it, not the device.
            let loss = gpu.loss.clone();
            let lost = Closure::<dyn Fn()>::new(move || loss.happen());
            let told = canvas.add_event_listener_with_callback("webglcontextlost", lost.as_ref().unchecked_ref());
            told.unwrap_or_else(|e| log::warn!("{e:?}"));
            // It goes with its canvas.
            lost.forget();
        }
        let target = |surface: wgpu::Surface<'static>| {
            let mut configuration = surface
                .get_default_config(&adapter, 4, 4)
                .ok_or_else(|| no_adapter("the canvas does not fit the adapter".to_owned()))?;
            // Grey is display grey: no format that turns it into something else.
            configuration.format = configuration.format.remove_srgb_suffix();
            configuration.alpha_mode = wgpu::CompositeAlphaMode::Opaque;
            // Where a finished picture may be copied onto the canvas, it need not be drawn once more.
            if gpu.backend == Backend::WebGpu {
                configuration.usage |= wgpu::TextureUsages::COPY_DST;
            }
            if !surface.get_capabilities(&adapter).alpha_modes.contains(&configuration.alpha_mode) {
                configuration.alpha_mode = wgpu::CompositeAlphaMode::Auto;
            }
            surface.configure(&gpu.device, &configuration);
            Ok(Target::Canvas { surface, configuration })
        };
        let targets = surfaces.into_iter().map(target).collect::<Result<Vec<_>, RenderError>>()?;
        let mut renderer = Self::on(gpu, targets);
        renderer.prove().await?;
        Ok(renderer)
    }
}

/// Ends the WebGL2 context of a canvas that is used up. Left alone it goes whenever the browser tidies up, and the page stands still
/// meanwhile until the GPU has done all it was asked: 0.3 s and more while a CT is opened.
fn let_go(canvas: &HtmlCanvasElement) {
    let context = canvas.get_context("webgl2").ok().flatten();
    let context = context.and_then(|c| c.dyn_into::<WebGl2RenderingContext>().ok());
    if let Some(Ok(Some(end))) = context.map(|c| c.get_extension("WEBGL_lose_context")) {
        end.unchecked_into::<WebglLoseContext>().lose_context();
    }
}
