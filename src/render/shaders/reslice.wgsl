// A slice through the volume as grey with segments over it. CPU twin: view/reslice.rs.

struct SliceUniform {
    origin: vec3<f32>,   // voxel coordinate of the pane's top left corner
    right: vec3<f32>,    // voxels for one px to the right
    down: vec3<f32>,     // voxels for one px down
    size: vec3<f32>,     // columns, rows, slices
    across: vec3<f32>,   // voxels from one sample through the slab to the next
    corner: vec2<f32>,   // top left corner of the pane on the canvas, px
    low: f32,            // HU that is black
    scale: f32,          // grey per HU
    fill: f32,
    outline: f32,
    samples: f32,        // through the slab
    projection: f32,     // 1 mean, 2 highest, 3 lowest
    inverted: f32,
    nearest: f32,
}

@group(0) @binding(0) var<uniform> u: SliceUniform;
@group(0) @binding(1) var ct: texture_3d<f32>;
@group(0) @binding(2) var ct_sampler: sampler;
@group(0) @binding(3) var labels: texture_3d<u32>;
@group(0) @binding(4) var look: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) n: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(select(-1.0, 3.0, n == 1u), select(-1.0, 3.0, n == 2u), 0.0, 1.0);
}

fn label_at(v: vec3<f32>) -> vec2<u32> {
    let p = floor(v + 0.5);
    if (any(p < vec3<f32>(0.0)) || any(p >= u.size)) {
        return vec2<u32>(0u);
    }
    return textureLoad(labels, vec3<i32>(p), 0).xy;
}

fn hu_at(v: vec3<f32>) -> f32 {
    let p = select(v, floor(v + 0.5), u.nearest > 0.0);
    // The texture holds HU - 1024.
    return textureSampleLevel(ct, ct_sampler, (p + 0.5) / u.size, 0.0).x + 1024.0;
}

fn outside(v: vec3<f32>) -> bool {
    return any(v < vec3<f32>(-0.5)) || any(v >= u.size - 0.5);
}

// What the samples through the slab come to, and how many there were.
fn slab_at(v: vec3<f32>) -> vec2<f32> {
    var count = 0.0;
    var sum = 0.0;
    var lowest = 1e9;
    var highest = -1e9;
    for (var n = 0.0; n < u.samples; n += 1.0) {
        let p = v + u.across * (n - (u.samples - 1.0) * 0.5);
        if (outside(p)) {
            continue;
        }
        let value = hu_at(p);
        count += 1.0;
        sum += value;
        lowest = min(lowest, value);
        highest = max(highest, value);
    }
    let mean = sum / max(count, 1.0);
    return vec2<f32>(select(select(mean, highest, u.projection == 2.0), lowest, u.projection == 3.0), count);
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let px = at.xy - u.corner;
    let v = u.origin + u.right * px.x + u.down * px.y;
    var hu: f32;
    if (u.samples < 2.0) {
        if (outside(v)) {
            return vec4<f32>(0.0, 0.0, 0.0, 1.0);
        }
        hu = hu_at(v);
    } else {
        let slab = slab_at(v);
        if (slab.y == 0.0) {
            return vec4<f32>(0.0, 0.0, 0.0, 1.0);
        }
        hu = slab.x;
    }
    let grey = clamp((hu - u.low) * u.scale, 0.0, 1.0);
    var colour = vec3<f32>(select(grey, 1.0 - grey, u.inverted > 0.0));
    let here = label_at(v);
    if (any(here != vec2<u32>(0u))) {
        let e = label_at(v + u.right);
        let w = label_at(v - u.right);
        let s = label_at(v + u.down);
        let n = label_at(v - u.down);
        for (var layer = 0u; layer < 2u; layer++) {
            let segment = textureLoad(look, vec2<i32>(i32(here[layer]), i32(layer)), 0);
            if (segment.w > 0.0) {
                let l = here[layer];
                let edge = e[layer] != l || w[layer] != l || s[layer] != l || n[layer] != l;
                colour = mix(colour, segment.xyz, select(u.fill, u.outline, edge));
            }
        }
    }
    return vec4<f32>(colour, 1.0);
}
