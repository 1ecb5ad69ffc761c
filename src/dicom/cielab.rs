//! Colours between sRGB and the encoding of CIELab in DICOM (PS3.3 C.10.7.1.1: CIE 1976 L*a*b*, white point D50).

/// Linear sRGB to XYZ of D50, with the Bradford adaptation from D65.
const XYZ_FROM_RGB: [[f64; 3]; 3] = [
    [0.436_074_7, 0.385_064_9, 0.143_080_4],
    [0.222_504_5, 0.716_878_6, 0.060_616_9],
    [0.013_932_2, 0.097_104_5, 0.714_173_3],
];
const RGB_FROM_XYZ: [[f64; 3]; 3] = [
    [3.133_856_1, -1.616_866_7, -0.490_614_6],
    [-0.978_768_4, 1.916_141_5, 0.033_454_0],
    [0.071_945_3, -0.228_991_4, 1.405_242_7],
];
const WHITE: [f64; 3] = [0.964_22, 1.0, 0.825_21];
const EDGE: f64 = 6.0 / 29.0;

fn product(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// sRGB as a CIELab value of DICOM: L* 0…100 as 0…65535, a* and b* −128…127 as 0…65535.
pub fn cielab_from_srgb(colour: [u8; 3]) -> [u16; 3] {
    let linear = colour.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let xyz = product(&XYZ_FROM_RGB, linear);
    let [x, y, z] = [0, 1, 2].map(|n| {
        let t = xyz[n] / WHITE[n];
        if t > EDGE.powi(3) { t.cbrt() } else { t / (3.0 * EDGE * EDGE) + 4.0 / 29.0 }
    });
    let lab = [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)];
    let scaled = [lab[0] / 100.0, (lab[1] + 128.0) / 255.0, (lab[2] + 128.0) / 255.0];
    scaled.map(|v| (v * 65535.0).round().clamp(0.0, 65535.0) as u16)
}

/// A CIELab value of DICOM as the nearest sRGB.
pub fn srgb_from_cielab(lab: [u16; 3]) -> [u8; 3] {
    let [l, a, b] = lab.map(|v| f64::from(v) / 65535.0);
    let y = (l * 100.0 + 16.0) / 116.0;
    let f = [y + (a * 255.0 - 128.0) / 500.0, y, y - (b * 255.0 - 128.0) / 200.0];
    let xyz = [0, 1, 2].map(|n| {
        let t = if f[n] > EDGE { f[n].powi(3) } else { 3.0 * EDGE * EDGE * (f[n] - 4.0 / 29.0) };
        t * WHITE[n]
    });
    product(&RGB_FROM_XYZ, xyz).map(|c| {
        let c = c.clamp(0.0, 1.0);
        let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red() {
        assert_eq!(cielab_from_srgb([0, 0, 0])[0], 0);
        let white = cielab_from_srgb([255, 255, 255]);
        assert!(white[0] > 65500 && white[1].abs_diff(32896) < 30 && white[2].abs_diff(32896) < 30, "{white:?}");
        // L* 54.29, a* 80.81, b* 69.89 for sRGB red at D50 (Lindbloom).
        let red = cielab_from_srgb([255, 0, 0]);
        assert!(red[0].abs_diff(35579) < 40 && red[1].abs_diff(53664) < 60 && red[2].abs_diff(50858) < 60, "{red:?}");
    }

    #[test]
    fn every_colour_comes_back() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    assert_eq!(srgb_from_cielab(cielab_from_srgb([r, g, b])), [r, g, b]);
                }
            }
        }
    }
}
