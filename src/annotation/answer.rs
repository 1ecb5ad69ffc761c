//! Answers of the reading form. What a field means is the report's matter; here it is a number with an answer that undoes.

use serde::{Deserialize, Serialize};

/// What the reader answered. A field without one is not assessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// One of the field's choices, by its place.
    Choice(u8),
    /// Some of them: bit n for the n-th. Never empty.
    Choices(u32),
    /// A number in the field's unit.
    Number(f64),
    /// Words.
    Text(String),
}

impl Answer {
    /// Longest words, in bytes.
    pub const LONGEST_TEXT: usize = 4096;

    /// Whether it says something that can be kept.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Choice(_) => true,
            Self::Choices(bits) => *bits != 0,
            Self::Number(value) => value.is_finite(),
            Self::Text(text) => !text.is_empty() && text.len() <= Self::LONGEST_TEXT,
        }
    }
}
