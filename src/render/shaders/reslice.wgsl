// A slice through the volume as grey with segments over it. CPU twin: view/reslice.rs.
//
// Four entries, for what most pictures need is a fraction of what some do, and a software GPU runs both sides of every `if`.

struct SliceUniform {
    origin: vec3<f32>,   // voxel coordinate of the pane's top left corner
    right: vec3<f32>,    // voxels for one px to the right
    down: vec3<f32>,     // voxels for one px down
    size: vec3<f32>,     // columns, rows, slices
    across: vec3<f32>,   // voxels from one sample through the slab to the next
    corner: vec2<f32>,   // top left corner of the pane on the canvas, px
    ends: vec4<f32>,     // HU at which all compartments but the last end
    low: f32,            // HU that is black at most; the middle of a sigmoid
    high: f32,           // HU above which all is white
    scale: f32,          // grey per HU
    sigmoid: f32,
    fill: f32,
    outline: f32,
    samples: f32,        // through the slab
    projection: f32,     // 1 mean, 2 highest, 3 lowest
    inverted: f32,
    interpolation: f32,  // 0 straight lines, 1 voxels as they are, 2 cubics
    tint: f32,           // opacity of the compartments' colours; 0 shows none
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
    let p = select(v, floor(v + 0.5), u.interpolation == 1.0);
    // The texture holds HU - 1024.
    return textureSampleLevel(ct, ct_sampler, (p + 0.5) / u.size, 0.0).x + 1024.0;
}

// Weights of the voxels at -1, 0, 1 and 2 for a place between 0 and 1, along each axis.
fn cubic_weights(t: vec3<f32>) -> array<vec3<f32>, 4> {
    return array<vec3<f32>, 4>(
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    );
}

fn cubic_at(v: vec3<f32>) -> f32 {
    let last = u.size - 1.0;
    let c = clamp(v, vec3<f32>(0.0), last);
    let low = floor(c);
    var weights = cubic_weights(c - low);
    var sum = 0.0;
    for (var k = 0; k < 4; k += 1) {
        if (weights[k].z == 0.0) {
            continue;
        }
        for (var j = 0; j < 4; j += 1) {
            let w = weights[k].z * weights[j].y;
            if (w == 0.0) {
                continue;
            }
            for (var i = 0; i < 4; i += 1) {
                let p = clamp(low + vec3<f32>(f32(i - 1), f32(j - 1), f32(k - 1)), vec3<f32>(0.0), last);
                sum += w * weights[i].x * textureLoad(ct, vec3<i32>(p), 0).x;
            }
        }
    }
    return sum + 1024.0;
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

const BLACK = vec4<f32>(0.0, 0.0, 0.0, 1.0);

fn voxel_at(at: vec4<f32>) -> vec3<f32> {
    let px = at.xy - u.corner;
    return u.origin + u.right * px.x + u.down * px.y;
}

fn straight(hu: f32) -> f32 {
    return select(select((hu - u.low) * u.scale, 1.0, hu > u.high), 0.0, hu <= u.low);
}

fn turned(grey: f32) -> vec3<f32> {
    return vec3<f32>(select(grey, 1.0 - grey, u.inverted > 0.0));
}

// Segments over the grey: filled, and stronger where the next pixel is another segment's.
fn marked(grey: vec3<f32>, fill: vec2<f32>, v: vec3<f32>) -> vec4<f32> {
    let here = label_at(v);
    var colour = grey;
    for (var layer = select(0u, 2u, all(here == vec2<u32>(0u))); layer < 2u; layer++) {
        let segment = textureLoad(look, vec2<i32>(i32(here[layer]), i32(layer)), 0);
        let l = here[layer];
        let beside = vec4<u32>(
            label_at(v + u.right)[layer],
            label_at(v - u.right)[layer],
            label_at(v + u.down)[layer],
            label_at(v - u.down)[layer],
        );
        let weight = select(fill[layer], u.outline, any(beside != vec4<u32>(l)));
        colour = mix(colour, segment.xyz, select(0.0, weight, segment.w > 0.0));
    }
    return vec4<f32>(colour, 1.0);
}

// Any window, compartments, and segments.
fn finished(hu: f32, v: vec3<f32>) -> vec4<f32> {
    var grey = straight(hu);
    if (u.sigmoid > 0.0) {
        grey = 1.0 / (1.0 + exp(clamp((u.low - hu) * u.scale, -80.0, 80.0)));
    }
    var colour = turned(grey);
    var fill = vec2<f32>(u.fill);
    if (u.tint > 0.0 && textureLoad(look, vec2<i32>(i32(label_at(v).x), 2), 0).x > 0.0) {
        // The compartments are the fill.
        let compartment = dot(select(vec4<f32>(0.0), vec4<f32>(1.0), vec4<f32>(hu) > u.ends), vec4<f32>(1.0));
        colour = mix(colour, textureLoad(look, vec2<i32>(i32(compartment), 3), 0).xyz, u.tint);
        fill.x = 0.0;
    }
    return marked(colour, fill, v);
}

// The plane alone, nothing marked, a straight window.
@fragment
fn plain(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let v = voxel_at(at);
    return select(vec4<f32>(turned(straight(hu_at(v))), 1.0), BLACK, outside(v));
}

// The plane alone, a straight window.
@fragment
fn labelled(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let v = voxel_at(at);
    return select(marked(turned(straight(hu_at(v))), vec2<f32>(u.fill), v), BLACK, outside(v));
}

// The plane alone, by cubics.
@fragment
fn cubic(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let v = voxel_at(at);
    return select(finished(cubic_at(v), v), BLACK, outside(v));
}

// Everything else.
@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let v = voxel_at(at);
    let slab = slab_at(v);
    return select(finished(slab.x, v), BLACK, slab.y == 0.0);
}
