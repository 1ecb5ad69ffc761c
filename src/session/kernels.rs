//! What the names of reconstruction kernels (Convolution Kernel, 0018,1210) say of them, where a manufacturer or a paper says it.
//!
//! - Siemens: B30 and B40 are standard, B31 and B41 about as sharp as these, B10 and B20 softer, B50 to B80 for higher sharpness, U70 to
//!   U90 for very high sharpness (SOMATOM Sensation Cardiac, operating instructions, version A60, "Body kernels"). Kernels of two letters
//!   (Br, Bl, Qr, …) carry a resolution index: Br40 is the standard one, and each step is about 4 % more resolution (T. Zhou, "Siemens
//!   CT Reconstruction Kernels", diagnosticradphys.com, 2025). Up to 40 they are soft, and from 50 on, where that makes half as much
//!   again, sharp. What lies between the standard kernels and 50 is not known.
//! - Canon and Toshiba: FC13 is a soft-tissue kernel and FC55 one for the lung (Korean J. Radiol. 19 (2018) 888–896), FC03 one for soft
//!   tissue (National Cancer Institute, BRIDG model 5.3.1, "convolutionKernel"). Others are not known.
//! - GE: bone and lung keep higher frequencies, and more noise, than standard and soft tissue (W. M. Strub, K. L. Weiss, D. Sun, AJR
//!   189 (2007) W115–W116).
//! - Names that say it themselves: sharp, edge, soft, smooth, standard.
//!
//! What none of these says is not known, and the reader is told so.

/// What a kernel does to edges, and so to noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Smooth enough for densities and calcium.
    Soft,
    /// Edges are enhanced: the ends of the density range are noise.
    Sharp,
    /// The name says nothing, or there is none.
    Unknown,
}

/// Words that name a sharp kernel, or begin one.
const SHARP_WORDS: [&str; 4] = ["LUNG", "BONE", "EDGE", "SHARP"];
/// Words that name a soft one.
const SOFT_WORDS: [&str; 4] = ["STANDARD", "STND", "SOFT", "SMOOTH"];

impl Kernel {
    /// Of a kernel's name. Of several values the first counts: the others say how much was iterated.
    pub(super) fn of(name: &str) -> Self {
        let name = name.split('\\').next().unwrap_or_default().trim().to_ascii_uppercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let begins = |all: &[&str]| words.iter().any(|word| all.iter().any(|known| word.starts_with(known)));
        match words.iter().find_map(|word| numbered(word)) {
            _ if begins(&SHARP_WORDS) => Self::Sharp,
            // `FC13-H` is between the two.
            Some(("FC", 3 | 13)) if words.len() == 1 => Self::Soft,
            Some(("FC", 55)) => Self::Sharp,
            Some(("FC", _)) => Self::Unknown,
            Some(("B", 10..=41)) => Self::Soft,
            Some(("B", 50..=80) | ("U", 70..=90)) => Self::Sharp,
            Some(("BR" | "BF" | "BL" | "BV" | "HR" | "QR" | "UR", index)) => match index {
                ..=40 => Self::Soft,
                50.. => Self::Sharp,
                _ => Self::Unknown,
            },
            _ if begins(&SOFT_WORDS) => Self::Soft,
            _ => Self::Unknown,
        }
    }
}

/// The letters before a number of two digits, and the number.
fn numbered(word: &str) -> Option<(&str, u32)> {
    let (letters, rest) = word.split_at(word.find(|c: char| c.is_ascii_digit())?);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = rest.get(..digits).filter(|_| digits == 2 && (1..=2).contains(&letters.len()))?;
    Some((letters, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Kernel;

    #[test]
    fn kernels_are_told_by_their_names() {
        let sharp = [
            "B50f",
            "B60s",
            "B70f",
            "B80f",
            "Br64",
            "Br64d",
            "Br59d\\3",
            "Bl57",
            "Bl64",
            "Qr69",
            "U90u",
            "FC55",
            "LUNG",
            "Lung Sharp",
            "LUNG SHARP",
            "HD LUNG",
            "BONE",
            "BONEPLUS",
            "BONE PLUS",
            "EDGE",
            "B_SHARP_C",
        ];
        let soft = [
            "B10f", "B20f", "B25f", "B30f", "B31f", "B40s", "B41s", "Br40", "Br36d\\3", "Bf37", "Qr40", "FC03", "FC13",
            "STANDARD", "STND", "SOFT", "B_SOFT_B",
        ];
        // Between soft and sharp, of families nobody described, or letters that a manufacturer gave without a word.
        let unknown = [
            "", " ", "COMPUTED", "---", "1", "10", "ABC12", "T", "B45f", "B46f", "Br44", "Br49", "I70f\\3", "H70h",
            "S80s", "FC13-H", "FC01", "FC08", "FC18", "FC26", "FC30", "FC35", "FC50", "FC51", "FC52", "FC81", "FC86",
            "DETAIL", "ULTRA", "HRCT", "A", "B", "C", "L", "UB", "YA", "YB", "YC", "YD",
        ];
        for (names, kernel) in [(&sharp[..], Kernel::Sharp), (&soft, Kernel::Soft), (&unknown, Kernel::Unknown)] {
            for name in names {
                assert_eq!(Kernel::of(name), kernel, "{name}");
            }
        }
    }
}
