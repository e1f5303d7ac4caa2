//! Linear support vector machines by dual coordinate descent, and their scores as probabilities.

/// Passes over the examples at most.
const PASSES: usize = 60;
/// The largest violation at which training ends, as LIBLINEAR's default.
const TOLERANCE: f64 = 0.1;

/// A sparse vector: index and value, by index.
pub(super) type Sparse = Vec<(u32, f32)>;

/// Trains one against the rest with squared hinge loss: minimises ½|w|² + Σ cᵢ·max(0, 1 − yᵢ·w·xᵢ)²
/// (Hsieh, Chang, Lin, Keerthi, Sundararajan 2008, algorithm 1 with the L2 loss). The last weight is that of the bias.
///
/// `positive` says which examples belong to the class, `cost` what an error on each costs.
pub(super) fn train(examples: &[&Sparse], positive: &[bool], cost: &[f64], features: usize, seed: u64) -> Vec<f32> {
    let mut weights = vec![0.0_f64; features + 1];
    let mut alpha = vec![0.0_f64; examples.len()];
    let diagonal: Vec<f64> = cost.iter().map(|c| 0.5 / c).collect();
    let squares: Vec<f64> = examples
        .iter()
        .zip(&diagonal)
        .map(|(x, d)| 1.0 + d + x.iter().map(|(_, v)| f64::from(*v) * f64::from(*v)).sum::<f64>())
        .collect();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut state = seed;
    for _ in 0..PASSES {
        shuffle(&mut order, &mut state);
        let mut worst = 0.0_f64;
        for &i in &order {
            let y = if positive[i] { 1.0 } else { -1.0 };
            let score = weights[features] + dot(&weights, examples[i]);
            let gradient = y * score - 1.0 + diagonal[i] * alpha[i];
            let projected = if alpha[i] == 0.0 { gradient.min(0.0) } else { gradient };
            worst = worst.max(projected.abs());
            if projected.abs() > 1e-12 {
                let before = alpha[i];
                alpha[i] = (before - gradient / squares[i]).max(0.0);
                let step = (alpha[i] - before) * y;
                for (at, value) in examples[i] {
                    weights[*at as usize] += step * f64::from(*value);
                }
                weights[features] += step;
            }
        }
        if worst < TOLERANCE {
            break;
        }
    }
    weights.into_iter().map(|w| w as f32).collect()
}

fn dot(weights: &[f64], x: &Sparse) -> f64 {
    x.iter()
        .map(|(at, value)| weights[*at as usize] * f64::from(*value))
        .sum()
}

/// The score of an example.
pub(super) fn score(weights: &[f32], x: &Sparse) -> f64 {
    let features = weights.len() - 1;
    let sum: f64 = x
        .iter()
        .map(|(at, value)| f64::from(weights[*at as usize]) * f64::from(*value))
        .sum();
    sum + f64::from(weights[features])
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same order for the same seed.
fn shuffle(order: &mut [usize], state: &mut u64) {
    for last in (1..order.len()).rev() {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        order.swap(last, (z % (last as u64 + 1)) as usize);
    }
}

/// Fits `1 / (1 + exp(a·score + b))` to scores of held-out examples (Platt 1999, by Newton's method with the targets and
/// the line search of Lin, Lin, Weng 2007).
pub(super) fn platt(scores: &[f64], positive: &[bool]) -> (f64, f64) {
    let yes = positive.iter().filter(|p| **p).count() as f64;
    let no = scores.len() as f64 - yes;
    let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
    let targets: Vec<f64> = positive.iter().map(|p| if *p { high } else { low }).collect();
    let loss = |a: f64, b: f64| -> f64 {
        let each = scores.iter().zip(&targets).map(|(score, target)| {
            let z = score * a + b;
            if z >= 0.0 {
                target * z + (-z).exp().ln_1p()
            } else {
                (target - 1.0) * z + z.exp().ln_1p()
            }
        });
        each.sum()
    };
    let (mut a, mut b) = (0.0, ((no + 1.0) / (yes + 1.0)).ln());
    let mut now = loss(a, b);
    for _ in 0..100 {
        let (mut h11, mut h22, mut h21, mut g1, mut g2) = (1e-12, 1e-12, 0.0, 0.0, 0.0);
        for (score, target) in scores.iter().zip(&targets) {
            let p = 1.0 / (1.0 + (score * a + b).exp());
            let (q, d) = (p * (1.0 - p), target - p);
            h11 += score * score * q;
            h22 += q;
            h21 += score * q;
            g1 += score * d;
            g2 += d;
        }
        if g1.abs() < 1e-5 && g2.abs() < 1e-5 {
            break;
        }
        let determinant = h11 * h22 - h21 * h21;
        let (da, db) = (
            -(h22 * g1 - h21 * g2) / determinant,
            -(h11 * g2 - h21 * g1) / determinant,
        );
        let slope = g1 * da + g2 * db;
        let mut step = 1.0;
        loop {
            let next = loss(a + step * da, b + step * db);
            if next < now + 1e-4 * step * slope {
                (a, b, now) = (a + step * da, b + step * db, next);
                break;
            }
            step /= 2.0;
            if step < 1e-10 {
                return (a, b);
            }
        }
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_that_a_line_divides_are_divided() {
        let examples: Vec<Sparse> = (0..40)
            .map(|n| vec![(0, if n % 2 == 0 { 1.0 } else { 0.1 }), (1, (n % 5) as f32 / 5.0)])
            .collect();
        let all: Vec<&Sparse> = examples.iter().collect();
        let positive: Vec<bool> = (0..40).map(|n| n % 2 == 0).collect();
        let weights = train(&all, &positive, &[10.0; 40], 2, 1);
        for (x, yes) in examples.iter().zip(&positive) {
            assert_eq!(score(&weights, x) > 0.0, *yes);
        }
        assert_eq!(
            train(&all, &positive, &[10.0; 40], 2, 1),
            weights,
            "the same seed gives the same weights"
        );
    }

    #[test]
    fn probabilities_follow_how_often_a_score_is_right() {
        let scores: Vec<f64> = (0..400).map(|n| f64::from(n % 4) - 1.5).collect();
        let positive: Vec<bool> = (0..400).map(|n| (n / 4) % 10 < [1, 3, 7, 9][n % 4]).collect();
        let (a, b) = platt(&scores, &positive);
        let p = |score: f64| 1.0 / (1.0 + (a * score + b).exp());
        assert!(
            (p(1.5) - 0.9).abs() < 0.05 && (p(-0.5) - 0.3).abs() < 0.05,
            "{} {}",
            p(1.5),
            p(-0.5)
        );
    }
}
