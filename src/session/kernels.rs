//! What the names of reconstruction kernels (Convolution Kernel, 0018,1210) say of them.

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

/// Kernels of Siemens are sharp from this number on.
const SIEMENS_SHARP: u32 = 50;
/// Words that name a sharp kernel, or begin one: GE, United Imaging, Philips.
const SHARP_WORDS: [&str; 7] = ["LUNG", "BONE", "EDGE", "SHARP", "ULTRA", "DETAIL", "HRCT"];
/// Words that name a soft one.
const SOFT_WORDS: [&str; 4] = ["STANDARD", "STND", "SOFT", "SMOOTH"];
/// Sharp kernels of Philips.
const PHILIPS_SHARP: [&str; 8] = ["L", "D", "E", "YA", "YB", "YC", "YD", "YE"];
/// Soft kernels of Philips: body, brain, heart.
const PHILIPS_SOFT: [&str; 9] = ["A", "B", "C", "UA", "UB", "UC", "XA", "XB", "XC"];

impl Kernel {
    /// Of a kernel's name, as the large manufacturers give theirs: Siemens one or two letters and two digits (`B70f`, `Br64d`), Canon and
    /// Toshiba `FC` and a number, GE words (`BONEPLUS`), Philips letters (`YC`). Of several values the first counts: the others say how much
    /// was iterated.
    pub(super) fn of(name: &str) -> Self {
        let name = name.split('\\').next().unwrap_or_default().trim().to_ascii_uppercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let begins = |all: &[&str]| words.iter().any(|word| all.iter().any(|known| word.starts_with(known)));
        let numbered = words.iter().find_map(|word| numbered(word));
        match numbered {
            _ if begins(&SHARP_WORDS) || PHILIPS_SHARP.contains(&name.as_str()) => Self::Sharp,
            Some(("FC", 30..40 | 50..)) => Self::Sharp,
            Some(("FC", _)) => Self::Soft,
            Some((_, SIEMENS_SHARP..)) => Self::Sharp,
            Some(_) => Self::Soft,
            None if begins(&SOFT_WORDS) || PHILIPS_SOFT.contains(&name.as_str()) => Self::Soft,
            None => Self::Unknown,
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
            "H70h",
            "Br64",
            "Br64d",
            "Br59d\\3",
            "Bl57",
            "Bl64",
            "I70f\\3",
            "Qr69",
            "U90u",
            "FC30",
            "FC35",
            "FC50",
            "FC51",
            "FC52",
            "FC81",
            "FC86",
            "LUNG",
            "Lung Sharp",
            "LUNG SHARP",
            "HD LUNG",
            "BONE",
            "BONEPLUS",
            "BONE PLUS",
            "EDGE",
            "DETAIL",
            "ULTRA",
            "L",
            "YA",
            "YB",
            "YC",
            "YD",
            "B_SHARP_C",
        ];
        let soft = [
            "B20f", "B30f", "B31f", "B40s", "B45f", "B46f", "Br40", "Br36d\\3", "I30f", "I31f\\2", "Bf37", "Qr40",
            "H30s", "FC01", "FC03", "FC08", "FC13", "FC18", "FC26", "STANDARD", "STND", "SOFT", "A", "B", "C", "UB",
            "B_SOFT_B",
        ];
        let unknown = ["", " ", "COMPUTED", "---", "1", "10", "ABC12", "T"];
        for (names, kernel) in [(&sharp[..], Kernel::Sharp), (&soft, Kernel::Soft), (&unknown, Kernel::Unknown)] {
            for name in names {
                assert_eq!(Kernel::of(name), kernel, "{name}");
            }
        }
    }
}
