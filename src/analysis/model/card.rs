//! What a model file says of itself, and what of that cannot be taken.

/// Prefix of the keys in the file's metadata.
const PREFIX: &str = "hilum.";
/// Voxels of the largest patch.
const MOST_PATCH: usize = 4 << 20;
/// Neighbouring slices that a patch may take.
const MOST_SLICES: usize = 15;
/// Classes a model may tell apart, background among them.
const MOST_CLASSES: usize = 32;

/// Why a model cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The file is no ONNX model, or uses what this program cannot run.
    #[error("the model cannot be read: {0}")]
    Unreadable(String),
    /// The file does not say something that must be known.
    #[error("the model's metadata has no {0}; docs/models.md says what belongs there")]
    Missing(String),
    /// The file says something that cannot be.
    #[error("the model's metadata: {key} is “{value}”: {why}")]
    Wrong {
        /// Which key.
        key: String,
        /// What it says.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// Its input or output has another form than can be used.
    #[error("the model's {0}")]
    Shape(String),
    /// More memory than there is for it.
    #[error("the model needs {need_mib} MiB for {what}; {most_mib} MiB are the most")]
    TooLarge {
        /// For what.
        what: String,
        /// MiB.
        need_mib: u64,
        /// MiB.
        most_mib: u64,
    },
    /// The CT cannot be given to it.
    #[error("the model cannot be run on this CT: {0}")]
    Unsuited(String),
    /// It failed while it ran.
    #[error("the model failed: {0}")]
    Failed(String),
    /// It was stopped.
    #[error("it was stopped")]
    Cancelled,
}

/// How a model is used.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// Name, for the report.
    pub name: String,
    /// Meaning of each class; the first is background.
    pub labels: Vec<String>,
    /// Of each class but the first, its place among the meanings that are known.
    pub meanings: Vec<u8>,
    /// Slices (the channels of its input: an odd number, the scores are of the middle one), rows and columns of a patch.
    pub patch: [usize; 3],
    /// Distance of rows and columns it was trained at, mm; `None`: those of the CT. Slices are the CT's own.
    pub spacing_mm: [Option<f64>; 2],
    /// Share of a patch that lies in its neighbour too, 0..=0.75.
    pub overlap: f64,
    /// HU are brought into this range first.
    pub clip_hu: [f64; 2],
    /// Then this is subtracted,
    pub shift: f64,
    /// and the rest divided by this.
    pub scale: f64,
    /// With a single score: what it must exceed.
    pub threshold: f64,
    /// It is run in the box of the lungs, and what it finds outside them is dropped.
    pub in_lungs: bool,
    /// Parts smaller than this are dropped, ml.
    pub smallest_ml: f64,
}

impl ModelCard {
    /// Reads what a file says, and the shape of its input, `[1, slices, rows, columns]`, `None` where it is left open. `known` are the
    /// meanings that a class may have.
    ///
    /// # Errors
    /// [`ModelError`] naming the key, or the axis of the input, that cannot be taken.
    pub fn read(
        metadata: &[(String, String)],
        input: &[Option<usize>],
        name: String,
        known: &[String],
    ) -> Result<Self, ModelError> {
        let said = Said(metadata);
        let [batch, slices, rows, columns] = *input else {
            return Err(ModelError::Shape(format!(
                "input has {} axes; batch, slices, rows, columns are needed",
                input.len()
            )));
        };
        if batch.is_some_and(|n| n != 1) {
            return Err(ModelError::Shape("input takes more than one of its batch".to_owned()));
        }
        let labels = said.labels(known)?;
        let open = said.numbers("patch", 2)?;
        let length = |declared: Option<usize>, n: usize| {
            let given =
                || open.as_ref().map(|v| v[n] as usize).ok_or_else(|| ModelError::Missing(format!("{PREFIX}patch")));
            declared.map_or_else(given, Ok)
        };
        let patch = [slices.unwrap_or(1), length(rows, 0)?, length(columns, 1)?];
        let voxels = patch.iter().try_fold(1usize, |all, n| all.checked_mul(*n)).unwrap_or(usize::MAX);
        if patch.contains(&0) || voxels > MOST_PATCH || patch[0] % 2 == 0 || patch[0] > MOST_SLICES {
            let why = format!(
                "patch of {patch:?} (slices, rows, columns) cannot be: 1 to {MOST_SLICES} slices, an odd number, and {MOST_PATCH} voxels at most"
            );
            return Err(ModelError::Shape(why));
        }
        let spacing_mm = said.spacing()?;
        let clip = said.required("clip_hu", 2)?;
        let place = |label: &String| known.iter().position(|k| k == label).and_then(|n| u8::try_from(n).ok());
        let card = Self {
            name,
            meanings: labels[1..].iter().filter_map(place).collect(),
            labels,
            patch,
            spacing_mm,
            overlap: said.one("overlap")?.unwrap_or(0.25),
            clip_hu: [clip[0], clip[1]],
            shift: said.required("shift", 1)?[0],
            scale: said.required("scale", 1)?[0],
            threshold: said.one("threshold")?.unwrap_or(0.0),
            in_lungs: said.is_in_lungs()?,
            smallest_ml: said.one("smallest_ml")?.unwrap_or(0.0),
        };
        let bad = [
            (!(0.0..=0.75).contains(&card.overlap), "overlap", "0 to 0.75"),
            (card.clip_hu[0] >= card.clip_hu[1], "clip_hu", "the first must be less than the second"),
            (card.scale == 0.0, "scale", "not 0"),
            (card.smallest_ml < 0.0, "smallest_ml", "not less than 0"),
        ];
        match bad.into_iter().find(|(is_bad, ..)| *is_bad) {
            Some((_, key, why)) => Err(said.wrong(key, why)),
            None => Ok(card),
        }
    }

    /// Scores for each voxel: one for each class, or a single one.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the output, `[1, scores, …]`, does not go with patch and labels.
    pub fn scores(&self, output: &[usize]) -> Result<usize, ModelError> {
        let space = &self.patch[1..];
        let wrong = || {
            let classes = self.labels.len();
            ModelError::Shape(format!(
                "output is {output:?}; [1, {classes}, …] (or [1, 1, …] with two labels) over {space:?} is needed"
            ))
        };
        let [1, scores, rest @ ..] = output else { return Err(wrong()) };
        let fits = *scores == self.labels.len() || (*scores == 1 && self.labels.len() == 2);
        if rest == space && fits { Ok(*scores) } else { Err(wrong()) }
    }

    /// All of it, readable.
    pub fn parameters(&self) -> String {
        let spacing = self.spacing_mm.map(|s| s.map_or_else(|| "own".to_owned(), |s| s.to_string())).join(" ");
        format!(
            "labels={}; patch={:?}; spacing_mm={spacing}; overlap={}; clip_hu={:?}; shift={}; scale={}; threshold={}; region={}; smallest_ml={}",
            self.labels.join(","),
            self.patch,
            self.overlap,
            self.clip_hu,
            self.shift,
            self.scale,
            self.threshold,
            if self.in_lungs { "lungs" } else { "all" },
            self.smallest_ml
        )
    }
}

/// The metadata, asked key by key.
struct Said<'a>(&'a [(String, String)]);

impl Said<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        let wanted = |(k, _): &&(String, String)| k.strip_prefix(PREFIX) == Some(key);
        self.0.iter().find(wanted).map(|(_, value)| value.trim())
    }
    fn wrong(&self, key: &str, why: &str) -> ModelError {
        let value: String = self.text(key).unwrap_or_default().chars().take(80).collect();
        ModelError::Wrong { key: format!("{PREFIX}{key}"), value, why: why.to_owned() }
    }
    fn numbers(&self, key: &str, count: usize) -> Result<Option<Vec<f64>>, ModelError> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let numbers: Option<Vec<f64>> =
            text.split_whitespace().map(|w| w.parse().ok().filter(|v: &f64| v.is_finite())).collect();
        match numbers.filter(|n| n.len() == count) {
            Some(numbers) => Ok(Some(numbers)),
            None => Err(self.wrong(key, &format!("{count} number(s) are needed"))),
        }
    }
    fn required(&self, key: &str, count: usize) -> Result<Vec<f64>, ModelError> {
        self.numbers(key, count)?.ok_or_else(|| ModelError::Missing(format!("{PREFIX}{key}")))
    }
    fn one(&self, key: &str) -> Result<Option<f64>, ModelError> {
        Ok(self.numbers(key, 1)?.map(|n| n[0]))
    }
    fn labels(&self, known: &[String]) -> Result<Vec<String>, ModelError> {
        let text = self.text("labels").ok_or_else(|| ModelError::Missing(format!("{PREFIX}labels")))?;
        let labels: Vec<String> = text.split(',').map(|l| l.trim().to_owned()).collect();
        if !(2..=MOST_CLASSES).contains(&labels.len()) || labels[0] != "background" {
            return Err(self.wrong("labels", "background first, then one to thirty-one others"));
        }
        if let Some(stranger) = labels[1..].iter().find(|l| !known.contains(l)) {
            return Err(self.wrong("labels", &format!("“{stranger}” is none of {}", known.join(", "))));
        }
        Ok(labels)
    }
    fn spacing(&self) -> Result<[Option<f64>; 2], ModelError> {
        let text = self.text("spacing_mm").ok_or_else(|| ModelError::Missing(format!("{PREFIX}spacing_mm")))?;
        if text == "own" {
            return Ok([None; 2]);
        }
        let one = |word: &str| word.parse().ok().filter(|v| (0.1..=20.0).contains(v)).map(Some);
        let all: Option<Vec<Option<f64>>> = text.split_whitespace().map(one).collect();
        all.and_then(|v| v.try_into().ok())
            .ok_or_else(|| self.wrong("spacing_mm", "own, or row and column distance, each 0.1 to 20"))
    }
    fn is_in_lungs(&self) -> Result<bool, ModelError> {
        match self.text("region") {
            None | Some("all") => Ok(false),
            Some("lungs") => Ok(true),
            Some(_) => Err(self.wrong("region", "all or lungs")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, Option<&str>)], input: &[Option<usize>]) -> Result<ModelCard, ModelError> {
        let mut said = vec![
            ("labels", "background, ground-glass"),
            ("clip_hu", "-1000 400"),
            ("shift", "-1000"),
            ("scale", "1400"),
            ("spacing_mm", "own"),
        ];
        said.retain(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        said.extend(changes.iter().filter_map(|(key, value)| Some((*key, (*value)?))));
        let metadata: Vec<_> = said.iter().map(|(k, v)| (format!("hilum.{k}"), (*v).to_owned())).collect();
        let known = ["ground-glass", "consolidation"].map(str::to_owned);
        ModelCard::read(&metadata, input, "net".to_owned(), &known)
    }

    const PLANE: [Option<usize>; 4] = [Some(1), Some(1), Some(64), Some(64)];

    #[test]
    fn a_card_says_how_its_model_is_used() {
        let card = read(&[], &PLANE).unwrap();
        assert_eq!((card.patch, card.overlap, card.in_lungs), ([1, 64, 64], 0.25, false));
        assert_eq!(card.meanings, [0]);
        assert_eq!(card.scores(&[1, 2, 64, 64]), Ok(2));
        assert_eq!(card.scores(&[1, 1, 64, 64]), Ok(1));
        for output in [&[1, 3, 64, 64][..], &[1, 2, 60, 64], &[2, 2, 64, 64], &[1, 2, 1, 64, 64], &[]] {
            assert!(matches!(card.scores(output), Err(ModelError::Shape(_))), "{output:?}");
        }
        let open = [None, Some(3), None, None];
        let three = read(&[("patch", Some("32 48")), ("spacing_mm", Some("1.5 2"))], &open).unwrap();
        assert_eq!((three.patch, three.spacing_mm), ([3, 32, 48], [Some(1.5), Some(2.0)]));
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named() {
        for key in ["labels", "clip_hu", "shift", "scale", "spacing_mm"] {
            let error = read(&[(key, None)], &PLANE).unwrap_err();
            assert!(matches!(&error, ModelError::Missing(k) if k.contains(key)), "{error}");
        }
        for (key, value) in [
            ("labels", "ground-glass"),
            ("labels", "background,moon"),
            ("clip_hu", "400 -1000"),
            ("clip_hu", "1"),
            ("shift", "NaN"),
            ("scale", "0"),
            ("spacing_mm", "1"),
            ("spacing_mm", "own 1"),
            ("spacing_mm", "0 1"),
            ("overlap", "0.9"),
            ("region", "heart"),
            ("smallest_ml", "-1"),
        ] {
            let error = read(&[(key, Some(value))], &PLANE).unwrap_err();
            assert!(matches!(&error, ModelError::Wrong { key: k, .. } if k.contains(key)), "{key} {value}: {error}");
        }
        let open = [Some(1), Some(1), None, None];
        assert!(matches!(read(&[], &open), Err(ModelError::Missing(_))));
        let one = Some(1);
        for input in
            [&[one; 3][..], &[one; 5], &[one, Some(2), one, one], &[one, one, Some(0), one], &[Some(2), one, one, one]]
        {
            assert!(matches!(read(&[], input), Err(ModelError::Shape(_))), "{input:?}");
        }
        assert!(matches!(read(&[("patch", Some("1e9 1e9"))], &open), Err(ModelError::Shape(_))));
    }
}
