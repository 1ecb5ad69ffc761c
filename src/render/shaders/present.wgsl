// Puts the finished 3D picture on the canvas, enlarged if it was drawn small.

struct PresentUniform {
    corner: vec2<f32>,   // top left corner of the pane on the canvas, px
    size: vec2<f32>,     // size of the pane, px
}

@group(0) @binding(0) var<uniform> u: PresentUniform;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var picture_sampler: sampler;

@vertex
fn vertex(@builtin(vertex_index) n: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(select(-1.0, 3.0, n == 1u), select(-1.0, 3.0, n == 2u), 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    return textureSampleLevel(picture, picture_sampler, (at.xy - u.corner) / u.size, 0.0);
}
