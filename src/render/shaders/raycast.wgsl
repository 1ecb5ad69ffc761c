// The 3D picture by ray casting. CPU twin: view/raycast.rs.

struct RayUniform {
    origin: vec3<f32>,          // voxel coordinate of the picture's top left corner, before the volume
    right: vec3<f32>,           // voxels for one px to the right
    down: vec3<f32>,            // voxels for one px down
    step: vec3<f32>,            // voxels from one sample to the next
    size: vec3<f32>,            // columns, rows, slices
    kept_low: vec3<f32>,        // faces of the box that is kept
    kept_high: vec3<f32>,
    cut: vec4<f32>,             // what has dot(cut, (v, 1)) >= 0 is kept
    light: vec3<f32>,           // towards the light, patient space
    halfway: vec3<f32>,         // between the light and the eye, patient space
    light_voxels: vec3<f32>,    // voxels for one mm towards the light
    mm_from_voxel: mat3x3<f32>, // gradient per voxel -> gradient per mm
    step_mm: f32,
    count: f32,                 // samples that cross the volume
    low: f32,                   // of a projection or a cut: HU that is black at most; the middle of a sigmoid
    high: f32,                  // HU above which all is white
    scale: f32,                 // grey per HU
    sigmoid: f32,
    projection: f32,            // 0 tissue; 1 mean, 2 highest, 3 lowest HU of the ray
    rays: f32,                  // through each px
    shadows: f32,               // tissue throws soft shadows
    only_anatomy: f32,          // samples outside shown anatomy do not count
}

const LOW_HU: f32 = -1024.0;
const STEP_HU: f32 = 4.0;
const ENTRIES: f32 = 1024.0;
const ENOUGH: f32 = 0.02;
const ANATOMY_OPACITY: f32 = 0.005;
const ANATOMY_TINT: f32 = 0.7;
const FINDING_OPACITY: f32 = 0.3;
const FULL_GRADIENT: f32 = 120.0;
const EVEN_SHARE: f32 = 0.15;
const CUT_HU: f32 = -950.0;
const AMBIENT: f32 = 0.35;
const DIFFUSE: f32 = 0.65;
const SPECULAR: f32 = 0.25;
const SHININESS: f32 = 24.0;
const SHADOW_PLACES: f32 = 6.0;
const SHADOW_NEAR_MM: f32 = 3.0;
const SHADOW_GROWTH: f32 = 1.5;
const SHADOW_LEAST: f32 = 0.4;
const LIGHT_SAMPLES: f32 = 6.0;
const GRADIENT_SAMPLES: f32 = 3.0;
const THIN: f32 = 0.05;
const EVEN_GROWTH: f32 = 1.25;
const EVEN_RISE: f32 = 0.03;
const BRICK: f32 = 8.0;
const SHORT: f32 = 0.001;

@group(0) @binding(0) var<uniform> u: RayUniform;
@group(0) @binding(1) var ct: texture_3d<f32>;
@group(0) @binding(2) var ct_sampler: sampler;
@group(0) @binding(3) var labels: texture_3d<u32>;
@group(0) @binding(4) var look: texture_2d<f32>;
@group(0) @binding(5) var transfer: texture_2d<f32>;
// Lowest and highest HU - 1024 of each brick, bricks to the nearest that shows anything, and what is marked in it.
@group(0) @binding(6) var bricks: texture_3d<f32>;

@vertex
fn vertex(@builtin(vertex_index) n: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(select(-1.0, 3.0, n == 1u), select(-1.0, 3.0, n == 2u), 0.0, 1.0);
}

fn hu_at(v: vec3<f32>) -> f32 {
    // The texture holds HU - 1024.
    return textureSampleLevel(ct, ct_sampler, (v + 0.5) / u.size, 0.0).x + 1024.0;
}

fn gradient(v: vec3<f32>) -> vec3<f32> {
    let x = vec3<f32>(1.0, 0.0, 0.0);
    let y = vec3<f32>(0.0, 1.0, 0.0);
    let z = vec3<f32>(0.0, 0.0, 1.0);
    return vec3<f32>(hu_at(v + x) - hu_at(v - x), hu_at(v + y) - hu_at(v - y), hu_at(v + z) - hu_at(v - z)) * 0.5;
}

// Where ray n of a px passes through it, px, and how far along a step it begins: neighbouring rays sample at other depths, and
// surfaces show no rings; rays of one px spread evenly.
fn place_of_ray(px: vec2<u32>, n: f32) -> vec3<f32> {
    var h = (px.x * 0x9E3779B1u) ^ (px.y * 0x85EBCA77u);
    h = (h ^ (h >> 15u)) * 0x2C1B3C6Du;
    h = (h ^ (h >> 12u)) * 0x297A2D39u;
    let jitter = f32((h ^ (h >> 15u)) >> 8u) / 16777216.0;
    return fract(vec3<f32>(0.5, 0.5, jitter) + vec3<f32>(0.75487767, 0.5698403, 0.618034) * n);
}

fn entry_of(hu: f32) -> vec4<f32> {
    let place = clamp(round((hu - LOW_HU) / STEP_HU), 0.0, ENTRIES - 1.0);
    return textureLoad(transfer, vec2<i32>(i32(place), 0), 0);
}

// Share of the light that reaches a place through the tissue before it.
fn light_at(v: vec3<f32>) -> f32 {
    var through = 1.0;
    var at_mm = SHADOW_NEAR_MM;
    var before_mm = 0.0;
    for (var n = 0.0; n < SHADOW_PLACES; n += 1.0) {
        let p = v + u.light_voxels * at_mm;
        if (all(p >= u.kept_low) && all(p <= u.kept_high) && dot(u.cut, vec4<f32>(p, 1.0)) >= 0.0) {
            let root = entry_of(hu_at(p)).w;
            through *= pow(1.0 - EVEN_SHARE * root * root, at_mm - before_mm);
        }
        before_mm = at_mm;
        at_mm *= SHADOW_GROWTH;
    }
    return SHADOW_LEAST + (1.0 - SHADOW_LEAST) * through;
}

fn place_of(v: vec3<f32>) -> vec3<f32> {
    let last = vec3<f32>(textureDimensions(bricks)) - 1.0;
    return clamp(floor((v + 0.5) / BRICK), vec3<f32>(0.0), last);
}

// The first sample after n at which the ray has left the bricks nearer than reach to one.
fn exit_of(place: vec3<f32>, reach: f32, start: vec3<f32>, n: f32) -> f32 {
    let ahead = u.step > vec3<f32>(0.0);
    let face = select(place + 1.0 - reach, place + reach, ahead) * BRICK - 0.5;
    let still = abs(u.step) < vec3<f32>(1e-9);
    let t = select((face - start) / select(u.step, vec3<f32>(1.0), still), vec3<f32>(1e9), still);
    return max(n + 1.0, ceil(min(min(t.x, t.y), t.z) - SHORT));
}

fn project(start: vec3<f32>, first: f32, last: f32) -> vec3<f32> {
    var count = 0.0;
    var sum = 0.0;
    var lowest = 1e9;
    var highest = -1e9;
    var n = first;
    var until = first;
    loop {
        if (n > last) {
            break;
        }
        if (n >= until) {
            let place = place_of(start + u.step * n);
            let brick = textureLoad(bricks, vec3<i32>(place), 0);
            until = exit_of(place, 1.0, start, n);
            let nothing_new = (u.projection == 2.0 && brick.y + 1024.0 <= highest)
                || (u.projection == 3.0 && brick.x + 1024.0 >= lowest);
            if (nothing_new || (u.only_anatomy > 0.0 && brick.w != 1.0 && brick.w != 3.0)) {
                n = until;
                continue;
            }
        }
        let v = start + u.step * n;
        n += 1.0;
        if (u.only_anatomy > 0.0) {
            let p = vec3<i32>(clamp(floor(v + 0.5), vec3<f32>(0.0), u.size - 1.0));
            let anatomy = textureLoad(labels, p, 0).x;
            if (textureLoad(look, vec2<i32>(i32(anatomy), 0), 0).w <= 0.0) {
                continue;
            }
        }
        let value = hu_at(v);
        count += 1.0;
        sum += value;
        lowest = min(lowest, value);
        highest = max(highest, value);
    }
    if (count == 0.0) {
        return vec3<f32>(0.0);
    }
    let hu = select(select(sum / count, highest, u.projection == 2.0), lowest, u.projection == 3.0);
    return windowed(hu);
}

// The window's function, as in reslice.wgsl.
fn windowed(hu: f32) -> vec3<f32> {
    if (u.sigmoid > 0.0) {
        return vec3<f32>(1.0 / (1.0 + exp(clamp((u.low - hu) * u.scale, -80.0, 80.0))));
    }
    return vec3<f32>(select(select((hu - u.low) * u.scale, 1.0, hu > u.high), 0.0, hu <= u.low));
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    var sum = vec3<f32>(0.0);
    for (var n = 0.0; n < u.rays; n += 1.0) {
        let place = place_of_ray(vec2<u32>(at.xy), n);
        let px = floor(at.xy) + place.xy;
        sum += light_along(u.origin + u.right * px.x + u.down * px.y + u.step * place.z);
    }
    return vec4<f32>(sum / u.rays, 1.0);
}

fn light_along(start: vec3<f32>) -> vec3<f32> {
    // The stretch of the ray that is kept.
    let still = abs(u.step) < vec3<f32>(1e-9);
    let low = u.kept_low - start;
    let high = u.kept_high - start;
    if (any(still & ((low > vec3<f32>(0.0)) | (high < vec3<f32>(0.0))))) {
        return vec3<f32>(0.0);
    }
    let divisor = select(u.step, vec3<f32>(1.0), still);
    let t0 = select(low / divisor, vec3<f32>(-1e9), still);
    let t1 = select(high / divisor, vec3<f32>(1e9), still);
    let nearest = min(t0, t1);
    let farthest = max(t0, t1);
    var near = max(max(nearest.x, nearest.y), max(nearest.z, 0.0));
    var far = min(min(min(farthest.x, farthest.y), farthest.z), u.count);
    let within = dot(u.cut, vec4<f32>(start, 1.0));
    let along = dot(u.cut.xyz, u.step);
    if (abs(along) < 1e-9) {
        if (within < 0.0) {
            return vec3<f32>(0.0);
        }
    } else if (along > 0.0) {
        let t = -within / along;
        if (t > near && t <= far) {
            near = t;
            let hu = hu_at(start + u.step * t);
            if (u.projection == 0.0 && hu > CUT_HU) {
                return windowed(hu);
            }
        }
        near = max(near, t);
    } else {
        far = min(far, -within / along);
    }
    let first = ceil(near);
    let last = floor(far);
    if (u.projection > 0.0) {
        return project(start, first, last);
    }
    var colour = vec3<f32>(0.0);
    var left = 1.0;
    var n = first;
    var until = first;
    var marked = true;
    // What was found out some samples ago, and until which it holds: of the gradient (how much of a surface, the light that it sends on,
    // the opacity there), and the light that reaches it.
    var gate = 0.0;
    var shade = 0.0;
    var highlight = 0.0;
    var kept_opacity = 0.0;
    var kept_until = first;
    var reaching = 1.0;
    var reaching_until = first;
    loop {
        if (n > last || left <= ENOUGH) {
            break;
        }
        if (n >= until) {
            let place = place_of(start + u.step * n);
            let brick = textureLoad(bricks, vec3<i32>(place), 0);
            until = exit_of(place, max(brick.z, 1.0), start, n);
            if (brick.z > 0.0) {
                n = until;
                continue;
            }
            marked = brick.w > 0.0;
        }
        let sample = n;
        let v = start + u.step * sample;
        n += 1.0;
        let hu = hu_at(v);
        let entry = entry_of(hu);
        var rgb = entry.xyz;
        let opacity = entry.w * entry.w;
        var least = 0.0;
        if (marked) {
            let p = vec3<i32>(clamp(floor(v + 0.5), vec3<f32>(0.0), u.size - 1.0));
            let here = textureLoad(labels, p, 0).xy;
            let anatomy = textureLoad(look, vec2<i32>(i32(here.x), 0), 0);
            let finding = textureLoad(look, vec2<i32>(i32(here.y), 1), 0);
            if (finding.w > 0.0) {
                rgb = finding.xyz;
                least = FINDING_OPACITY;
            } else if (anatomy.w > 0.0) {
                rgb = mix(rgb, anatomy.xyz, ANATOMY_TINT);
                least = ANATOMY_OPACITY;
            }
        }
        if (opacity <= 0.0 && least <= 0.0) {
            continue;
        }
        let expected = max(opacity * (EVEN_SHARE + (1.0 - EVEN_SHARE) * gate), least) * u.step_mm;
        if (sample >= kept_until || opacity > kept_opacity * EVEN_GROWTH + EVEN_RISE || expected >= THIN) {
            let g = u.mm_from_voxel * gradient(v);
            let steepness = length(g);
            gate = min(steepness / FULL_GRADIENT, 1.0);
            shade = AMBIENT + DIFFUSE * 0.6;
            highlight = 0.0;
            if (steepness > 1.0) {
                let normal = g / steepness;
                shade = AMBIENT + DIFFUSE * abs(dot(normal, u.light));
                highlight = SPECULAR * gate * pow(max(abs(dot(normal, u.halfway)), 1e-6), SHININESS);
            }
            kept_opacity = opacity;
            kept_until = sample + GRADIENT_SAMPLES;
        }
        if (u.shadows > 0.0 && sample >= reaching_until) {
            reaching = light_at(v);
            reaching_until = sample + LIGHT_SAMPLES;
        }
        let per_mm = max(opacity * (EVEN_SHARE + (1.0 - EVEN_SHARE) * gate), least);
        let alpha = 1.0 - pow(1.0 - per_mm, u.step_mm);
        colour += left * alpha * (shade * rgb + highlight) * reaching;
        left *= 1.0 - alpha;
    }
    return clamp(colour, vec3<f32>(0.0), vec3<f32>(1.0));
}
