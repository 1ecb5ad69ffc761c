//! Two readers over a series of cases: paired, compared field by field, and the cases that a third should see.
//!
//! Classes are compared by kappa (weighted where they are ordered), several choices by the mean kappa of each being there or not,
//! numbers by ICC and limits of agreement. A case goes to adjudication when extent classes differ by more than one, or volumes of
//! findings by more than 30 % and 30 ml.

use super::form::{FORM, Field, FieldKind, extent_class, field_of};
use crate::analysis::{Consistency, Kappa, Weights, consistency, kappa};
use std::collections::{BTreeMap, BTreeSet};

/// One reading of one case: what was answered and measured, by the names of the exported table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Series Instance UID.
    pub case: String,
    /// Keys of the choices of each field.
    pub choices: BTreeMap<String, BTreeSet<String>>,
    /// Answers that are numbers, scores and quantities.
    pub numbers: BTreeMap<String, f64>,
}

/// How far two readers agree on an item.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemAgreement {
    /// Of one choice: without weights, with linear ones and with quadratic ones; the latter of ordered classes only.
    Classes {
        /// Share of cases with the same choice.
        same: f64,
        /// Cohen's kappa; `None` where chance agrees fully.
        nominal: Option<Kappa>,
        /// Linear and quadratic weights, of ordered classes.
        weighted: Option<[Option<Kappa>; 2]>,
    },
    /// Of several choices: the mean kappa of those that one reader at least made and one at least did not.
    Choices {
        /// Mean share of cases with the same answer.
        same: f64,
        /// Mean kappa; `None` where no choice varies.
        mean: Option<f64>,
    },
    /// Of a number; `None` with fewer than two cases or without variation.
    Numbers(Option<Consistency>),
}

/// An item of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedItem {
    /// Key of the field, score or quantity.
    pub key: String,
    /// Cases in which both readers answered it.
    pub cases: usize,
    /// How far they agree.
    pub agreement: ItemAgreement,
}

/// Why a third reader should see a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Discord {
    /// Extent classes of the two readers.
    Extent([usize; 2]),
    /// Volumes of findings, ml.
    Volume([f64; 2]),
    /// One of them says that the CT is not readable.
    NotReadable,
}

/// Two readers compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DoubleReading {
    /// Cases that both read.
    pub cases: usize,
    /// Cases that one alone read.
    pub alone: [usize; 2],
    /// Cases that came more than once from one reader; the last was taken.
    pub repeated: usize,
    /// Items that both answered in some case, in the order of the form, then scores and quantities.
    pub items: Vec<ComparedItem>,
    /// Cases for adjudication, with the reasons.
    pub discords: Vec<(String, Vec<Discord>)>,
}

impl DoubleReading {
    /// Compares the readings of two readers.
    pub fn of(first: &[Reading], second: &[Reading]) -> Self {
        let by_case = |all: &'_ [Reading]| all.iter().map(|r| (r.case.clone(), r.clone())).collect::<BTreeMap<_, _>>();
        let (a, b) = (by_case(first), by_case(second));
        let pairs: Vec<[&Reading; 2]> = a.iter().filter_map(|(case, one)| Some([one, b.get(case)?])).collect();
        let mut items = Vec::new();
        for field in FORM.iter().filter(|f| !f.is_automatic()) {
            items.extend(compare_field(field, &pairs));
        }
        let of_form = |name: &str| field_of(name).is_some();
        let names: BTreeSet<&String> = pairs.iter().flatten().flat_map(|r| r.numbers.keys()).collect();
        for name in names.into_iter().filter(|n| !of_form(n)) {
            items.extend(compare_numbers(name, &pairs));
        }
        let discords = pairs.iter().map(|pair| (pair[0].case.clone(), discords(*pair)));
        Self {
            cases: pairs.len(),
            alone: [a.len() - pairs.len(), b.len() - pairs.len()],
            repeated: first.len() - a.len() + second.len() - b.len(),
            discords: discords.filter(|(_, why)| !why.is_empty()).collect(),
            items,
        }
    }
}

fn compare_field(field: &Field, pairs: &[[&Reading; 2]]) -> Option<ComparedItem> {
    let item = |cases, agreement| Some(ComparedItem { key: field.key.to_owned(), cases, agreement });
    match field.kind {
        FieldKind::OneOf(choices) => {
            let class = |r: &Reading| {
                let key = r.choices.get(field.key)?.first()?;
                choices.iter().position(|c| c.key == key)
            };
            let both: Vec<[usize; 2]> = pairs.iter().filter_map(|[a, b]| Some([class(a)?, class(b)?])).collect();
            if both.is_empty() {
                return None;
            }
            let of = |weights| kappa(&both, choices.len(), weights);
            let same = both.iter().filter(|[a, b]| a == b).count() as f64 / both.len() as f64;
            let weighted = field.is_ordered().then(|| [of(Weights::Linear), of(Weights::Quadratic)]);
            item(both.len(), ItemAgreement::Classes { same, nominal: of(Weights::Nominal), weighted })
        }
        FieldKind::SomeOf(choices) => {
            let both: Vec<[&BTreeSet<String>; 2]> = pairs
                .iter()
                .filter_map(|[a, b]| Some([a.choices.get(field.key)?, b.choices.get(field.key)?]))
                .collect();
            if both.is_empty() {
                return None;
            }
            let (mut same, mut kappas) = (0.0, Vec::new());
            for choice in choices {
                let there: Vec<[usize; 2]> =
                    both.iter().map(|pair| pair.map(|of| usize::from(of.contains(choice.key)))).collect();
                same += there.iter().filter(|[a, b]| a == b).count() as f64 / (there.len() * choices.len()) as f64;
                kappas.extend(kappa(&there, 2, Weights::Nominal).map(|k| k.value));
            }
            let mean = (!kappas.is_empty()).then(|| kappas.iter().sum::<f64>() / kappas.len() as f64);
            item(both.len(), ItemAgreement::Choices { same, mean })
        }
        FieldKind::Number { .. } => compare_numbers(field.key, pairs),
        FieldKind::Words => None,
    }
}

fn compare_numbers(key: &str, pairs: &[[&Reading; 2]]) -> Option<ComparedItem> {
    let both: Vec<Vec<f64>> =
        pairs.iter().filter_map(|[a, b]| Some(vec![*a.numbers.get(key)?, *b.numbers.get(key)?])).collect();
    let agreement = ItemAgreement::Numbers(consistency(&both));
    (!both.is_empty()).then(|| ComparedItem { key: key.to_owned(), cases: both.len(), agreement })
}

fn discords([a, b]: [&Reading; 2]) -> Vec<Discord> {
    let mut found = Vec::new();
    let chosen = |r: &Reading, field: &str| r.choices.get(field).and_then(|c| c.first()).cloned();
    let extent = |r: &Reading| {
        let FieldKind::OneOf(choices) = field_of("extent")?.kind else { return None };
        let said = chosen(r, "extent").and_then(|key| choices.iter().position(|c| c.key == key));
        said.or_else(|| r.numbers.get("involvement").map(|p| usize::from(extent_class(*p))))
    };
    if let (Some(one), Some(other)) = (extent(a), extent(b))
        && one.abs_diff(other) > 1
    {
        found.push(Discord::Extent([one, other]));
    }
    if let (Some(one), Some(other)) = (a.numbers.get("lesion-volume"), b.numbers.get("lesion-volume")) {
        let apart = (one - other).abs();
        if apart > 30.0 && apart > 0.3 * one.max(*other) {
            found.push(Discord::Volume([*one, *other]));
        }
    }
    if [a, b].iter().any(|r| chosen(r, "quality").as_deref() == Some("not-readable")) {
        found.push(Discord::NotReadable);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(case: &str, extent: &str, ml: f64, signs: &[&str]) -> Reading {
        let set = |keys: &[&str]| keys.iter().map(|k| (*k).to_owned()).collect::<BTreeSet<_>>();
        Reading {
            case: case.to_owned(),
            choices: BTreeMap::from([("extent".to_owned(), set(&[extent])), ("signs".to_owned(), set(signs))]),
            numbers: BTreeMap::from([("lesion-volume".to_owned(), ml)]),
        }
    }

    #[test]
    fn readings_are_paired_by_case_and_compared_by_kind() {
        let first = [
            reading("1", "0", 0.0, &[]),
            reading("2", "to-10", 40.0, &["bands"]),
            reading("3", "to-25", 400.0, &["bands", "halo"]),
            reading("4", "over-75", 3000.0, &[]),
            reading("9", "0", 0.0, &[]),
        ];
        let second = [
            reading("1", "0", 0.0, &[]),
            reading("2", "to-25", 65.0, &["bands"]),
            reading("3", "to-25", 420.0, &["halo"]),
            reading("4", "to-25", 1000.0, &[]),
        ];
        let compared = DoubleReading::of(&first, &second);
        assert_eq!((compared.cases, compared.alone, compared.repeated), (4, [1, 0], 0));
        let of = |key: &str| compared.items.iter().find(|i| i.key == key).cloned().unwrap();
        let ItemAgreement::Classes { same, nominal, weighted } = of("extent").agreement else { unreachable!() };
        assert_eq!((same, of("extent").cases), (0.5, 4));
        let [linear, quadratic] = weighted.unwrap().map(|k| k.unwrap().value);
        assert!(nominal.unwrap().value < 1.0 && linear < 1.0 && quadratic < 1.0);
        let ItemAgreement::Choices { same, mean } = of("signs").agreement else { unreachable!() };
        assert!((same - (1.0 - 1.0 / 32.0)).abs() < 1e-12 && mean.is_some_and(|m| m > 0.5 && m < 1.0));
        assert!(
            matches!(of("lesion-volume").agreement, ItemAgreement::Numbers(Some(c)) if c.cases == 4 && c.bias < 0.0)
        );
        // Two classes apart, and two thirds less of three litres; 25 ml and a neighbouring class are nobody's business.
        assert_eq!(compared.discords.len(), 1);
        let why = vec![Discord::Extent([5, 2]), Discord::Volume([3000.0, 1000.0])];
        assert_eq!(compared.discords[0], ("4".to_owned(), why));
    }

    #[test]
    fn a_case_read_twice_by_one_reader_counts_once() {
        let twice = [reading("1", "0", 1.0, &[]), reading("1", "to-10", 2.0, &[])];
        let compared = DoubleReading::of(&twice, &twice[1..]);
        assert_eq!((compared.cases, compared.repeated), (1, 1));
        assert_eq!(DoubleReading::of(&[], &[]), DoubleReading::default());
    }
}
