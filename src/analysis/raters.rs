//! Agreement of two readers over a series of cases: kappa for classes, intraclass correlation for numbers.
//!
//! Weighted kappa: J. Cohen, Psychol. Bull. 70 (1968) 213–220; its standard error: J. L. Fleiss, J. Cohen, B. S. Everitt, Psychol.
//! Bull. 72 (1969) 323–327. ICC(2,1) and ICC(3,1): P. E. Shrout, J. L. Fleiss, Psychol. Bull. 86 (1979) 420–428. Limits of agreement:
//! J. M. Bland, D. G. Altman, Lancet 1 (1986) 307–310.

/// How far apart two classes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// All different classes alike: Cohen's kappa.
    Nominal,
    /// By the number of classes between.
    Linear,
    /// By its square.
    Quadratic,
}

impl Weights {
    /// Agreement of two of so many classes, 0..=1.
    fn of(self, a: usize, b: usize, classes: usize) -> f64 {
        let apart = a.abs_diff(b) as f64 / (classes.max(2) - 1) as f64;
        match self {
            Self::Nominal => f64::from(u8::from(a == b)),
            Self::Linear => 1.0 - apart,
            Self::Quadratic => 1.0 - apart * apart,
        }
    }
}

/// Agreement beyond chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kappa {
    /// 1 for full agreement, 0 for that of chance.
    pub value: f64,
    /// 95 % confidence interval, from the standard error for large samples.
    pub interval: [f64; 2],
    /// Weighted agreement that was observed, 0..=1.
    pub observed: f64,
    /// Cases.
    pub cases: usize,
}

/// Kappa of pairs of classes, each below `classes`. `None` without cases, with a class out of range, or where both readers gave all
/// cases the same class: chance agrees fully then.
pub fn kappa(pairs: &[[usize; 2]], classes: usize, weights: Weights) -> Option<Kappa> {
    if pairs.is_empty() || pairs.iter().flatten().any(|c| *c >= classes) {
        return None;
    }
    let n = pairs.len() as f64;
    let mut joint = vec![0.0; classes * classes];
    let mut shares = [vec![0.0; classes], vec![0.0; classes]];
    for [a, b] in pairs {
        joint[a * classes + b] += 1.0 / n;
        shares[0][*a] += 1.0 / n;
        shares[1][*b] += 1.0 / n;
    }
    let weight = |a: usize, b: usize| weights.of(a, b, classes);
    let cells = || (0..classes).flat_map(|a| (0..classes).map(move |b| (a, b)));
    let observed: f64 = cells().map(|(a, b)| weight(a, b) * joint[a * classes + b]).sum();
    let expected: f64 = cells().map(|(a, b)| weight(a, b) * shares[0][a] * shares[1][b]).sum();
    if 1.0 - expected < 1e-12 {
        return None;
    }
    let value = (observed - expected) / (1.0 - expected);
    let of_first: Vec<f64> = (0..classes).map(|a| (0..classes).map(|b| shares[1][b] * weight(a, b)).sum()).collect();
    let of_second: Vec<f64> = (0..classes).map(|b| (0..classes).map(|a| shares[0][a] * weight(a, b)).sum()).collect();
    let spread: f64 = cells()
        .map(|(a, b)| joint[a * classes + b] * (weight(a, b) - (of_first[a] + of_second[b]) * (1.0 - value)).powi(2))
        .sum();
    let variance = (spread - (value - expected * (1.0 - value)).powi(2)) / (n * (1.0 - expected).powi(2));
    let reach = 1.96 * variance.max(0.0).sqrt();
    Some(Kappa { value, interval: [value - reach, (value + reach).min(1.0)], observed, cases: pairs.len() })
}

/// Agreement of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consistency {
    /// ICC(2,1): absolute agreement, readers taken at random.
    pub agreement: f64,
    /// ICC(3,1): consistency, these very readers.
    pub consistency: f64,
    /// Mean of second − first, where there are two readers.
    pub bias: f64,
    /// Limits that 95 % of the differences lie within: bias ± 1.96 SD.
    pub limits: [f64; 2],
    /// Cases.
    pub cases: usize,
}

/// Intraclass correlation of cases × readers. `None` with fewer than two cases or readers, with a value that is no number, or
/// where all values are equal.
pub fn consistency(cases: &[Vec<f64>]) -> Option<Consistency> {
    let readers = cases.first()?.len();
    let is_whole = cases.iter().all(|c| c.len() == readers && c.iter().all(|v| v.is_finite()));
    if cases.len() < 2 || readers < 2 || !is_whole {
        return None;
    }
    let (n, k) = (cases.len() as f64, readers as f64);
    let mean = cases.iter().flatten().sum::<f64>() / (n * k);
    let of_reader = |r: usize| cases.iter().map(|c| c[r]).sum::<f64>() / n;
    let square = |v: f64| v * v;
    let between_cases = k * cases.iter().map(|c| square(c.iter().sum::<f64>() / k - mean)).sum::<f64>();
    let between_readers = n * (0..readers).map(|r| square(of_reader(r) - mean)).sum::<f64>();
    let total = cases.iter().flatten().map(|v| square(v - mean)).sum::<f64>();
    let rest = (total - between_cases - between_readers).max(0.0);
    let (rows, columns, error) =
        (between_cases / (n - 1.0), between_readers / (k - 1.0), rest / ((n - 1.0) * (k - 1.0)));
    let share = |of: f64, against: f64| (against.abs() > 1e-12 * square(mean).max(1e-12)).then(|| of / against);
    let agreement = share(rows - error, rows + (k - 1.0) * error + k * (columns - error) / n)?;
    let consistency = share(rows - error, rows + (k - 1.0) * error)?;
    let differences: Vec<f64> = cases.iter().map(|c| c[1] - c[0]).collect();
    let bias = differences.iter().sum::<f64>() / n;
    let deviation = (differences.iter().map(|d| square(d - bias)).sum::<f64>() / (n - 1.0)).sqrt();
    let limits = [bias - 1.96 * deviation, bias + 1.96 * deviation];
    Some(Consistency { agreement, consistency, bias, limits, cases: cases.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Shrout and Fleiss: six targets, four judges.
    const JUDGES: [[f64; 4]; 6] = [
        [9.0, 2.0, 5.0, 8.0],
        [6.0, 1.0, 3.0, 2.0],
        [8.0, 4.0, 6.0, 8.0],
        [7.0, 1.0, 2.0, 6.0],
        [10.0, 5.0, 6.0, 9.0],
        [6.0, 2.0, 4.0, 7.0],
    ];

    #[test]
    fn the_published_example_of_intraclass_correlation() {
        let cases: Vec<Vec<f64>> = JUDGES.iter().map(|c| c.to_vec()).collect();
        let found = consistency(&cases).map(|c| (c.agreement, c.consistency));
        assert!(found.is_some_and(|(a, c)| (a - 0.29).abs() < 0.005 && (c - 0.71).abs() < 0.005), "{found:?}");
    }

    #[test]
    fn equal_readings_agree_and_shifted_ones_are_consistent() {
        let same: Vec<Vec<f64>> = (0..9).map(|n| vec![f64::from(n), f64::from(n)]).collect();
        assert!(consistency(&same).is_some_and(|c| (c.agreement - 1.0).abs() < 1e-12 && c.limits == [0.0, 0.0]));
        let shifted: Vec<Vec<f64>> = (0..9).map(|n| vec![f64::from(n), f64::from(n) + 5.0]).collect();
        let found = consistency(&shifted);
        assert!(found.is_some_and(|c| (c.consistency - 1.0).abs() < 1e-12 && c.agreement < 0.5 && c.bias == 5.0));
        assert_eq!(consistency(&same[..1]), None);
        assert_eq!(consistency(&[vec![1.0, f64::NAN], vec![1.0, 2.0]]), None);
        assert_eq!(consistency(&[vec![4.0, 4.0], vec![4.0, 4.0]]), None);
    }

    #[test]
    fn kappa_of_full_none_and_undefined_agreement() {
        let pairs: Vec<[usize; 2]> = (0..12).map(|n| [n % 4, n % 4]).collect();
        for weights in [Weights::Nominal, Weights::Linear, Weights::Quadratic] {
            assert!(kappa(&pairs, 4, weights).is_some_and(|k| (k.value - 1.0).abs() < 1e-12 && k.cases == 12));
            // Every class of one with every class of the other: chance.
            let crossed: Vec<[usize; 2]> = (0..16).map(|n| [n % 4, n / 4]).collect();
            assert!(kappa(&crossed, 4, weights).is_some_and(|k| k.value.abs() < 1e-12));
            assert_eq!(kappa(&[[2, 2]; 5], 4, weights), None);
            assert_eq!(kappa(&[[2, 4]], 4, weights), None);
            assert_eq!(kappa(&[], 4, weights), None);
        }
        // A neighbour's class counts for less the heavier the weights are on distance.
        let near = [[0, 1], [1, 1], [2, 3], [3, 3], [0, 0], [2, 2]];
        let of = |w| kappa(&near, 4, w).map_or(0.0, |k| k.value);
        assert!(of(Weights::Nominal) < of(Weights::Linear) && of(Weights::Linear) < of(Weights::Quadratic));
    }
}
