//! Reading a texture back: tests, and the proof that a GPU draws before it is trusted.

use super::gpu::{Gpu, attempt};
use std::sync::{Arc, Mutex};

/// RGBA of a texture in an 8-bit format of four channels, row by row; `None` if the GPU did not hand it over.
pub(super) fn read(gpu: &Gpu, texture: &wgpu::Texture) -> impl Future<Output = Option<Vec<u8>>> + use<> {
    // Nothing is borrowed: the page goes on drawing meanwhile.
    let (device, queue, texture) = (gpu.device.clone(), gpu.queue.clone(), texture.clone());
    async move { copied(&device, &queue, &texture).await }
}

async fn copied(device: &wgpu::Device, queue: &wgpu::Queue, texture: &wgpu::Texture) -> Option<Vec<u8>> {
    let (width, height) = (texture.width(), texture.height());
    let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let descriptor = wgpu::BufferDescriptor {
        label: Some("readback"),
        size: u64::from(row) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    };
    let (buffer, fits) = attempt(device, || device.create_buffer(&descriptor));
    if !fits.await {
        return None;
    }
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: Some(height) },
        },
        texture.size(),
    );
    queue.submit([encoder.finish()]);
    let mapped: Arc<Mutex<Option<bool>>> = Arc::default();
    let result = mapped.clone();
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |r| {
        if let Ok(mut slot) = result.lock() {
            *slot = Some(r.is_ok());
        }
    });
    // A few seconds: a software rasteriser may be compiling its first shader.
    for _ in 0..2000 {
        if device.poll(wgpu::PollType::Poll).is_err() {
            return None;
        }
        let done = mapped.lock().ok().and_then(|slot| *slot);
        if let Some(done) = done {
            if !done {
                return None;
            }
            break;
        }
        pause().await;
    }
    let view = buffer.slice(..).get_mapped_range().ok()?;
    let swap = matches!(texture.format(), wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb);
    let mut out = Vec::with_capacity(width as usize * height as usize * 4);
    for line in view.chunks_exact(row as usize) {
        for px in line[..width as usize * 4].as_chunks::<4>().0 {
            out.extend_from_slice(&if swap { [px[2], px[1], px[0], px[3]] } else { *px });
        }
    }
    Some(out)
}

#[cfg(target_arch = "wasm32")]
async fn pause() {
    gloo::timers::future::TimeoutFuture::new(2).await;
}

#[cfg(not(target_arch = "wasm32"))]
async fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}
