//! `multipart/related` bodies (RFC 2046 5.1, RFC 2387), as WADO-RS sends them (PS3.18 8.6.1.2.1): bytes come in pieces of any
//! size, parts go out whole.
//!
//! Nothing a header declares is believed: a part ends where its delimiter stands, memory is taken for bytes that have come, and
//! all sizes are bounded.

use memchr::memmem;

/// Longest header of a part, bytes.
const MOST_HEADER: usize = 16 << 10;
/// Largest part, bytes: an enhanced CT of a thousand uncompressed slices.
pub const MOST_PART: usize = 1 << 30;
/// Bytes of the line end between a header and its content.
const BLANK_LINE: usize = 2;
/// Longest boundary (RFC 2046 5.1.1).
const MOST_BOUNDARY: usize = 70;

/// Why a body is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// Of another type.
    #[error("the answer is {0}, not multipart")]
    NotMultipart(String),
    /// The type names no boundary, or one that cannot be.
    #[error("the answer's type names no boundary")]
    NoBoundary,
    /// A header without end.
    #[error("part {0} has a header of more than {MOST_HEADER} bytes")]
    Header(usize),
    /// A part without end.
    #[error("part {0} has more than {MOST_PART} bytes")]
    TooLarge(usize),
    /// Something else between a delimiter and the header.
    #[error("something else follows the boundary before part {0}")]
    Delimiter(usize),
    /// The body ended too early.
    #[error("the answer ends within part {0}")]
    Truncated(usize),
}

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its media type, lower case, without parameters; empty if it names none.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Preamble,
    /// Past a delimiter.
    Delimiter,
    Header,
    Body,
    Epilogue,
}

/// Takes a body in and gives its parts out.
#[derive(Clone, Debug)]
pub struct Multipart {
    /// CR LF, two hyphens and the boundary.
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
    /// Bytes of the buffer in which no delimiter begins.
    searched: usize,
    reading: Reading,
    content_type: String,
    given: usize,
}

impl Multipart {
    /// Of an answer's `Content-Type`.
    ///
    /// # Errors
    /// [`MultipartError::NotMultipart`], [`MultipartError::NoBoundary`].
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !kind.starts_with("multipart/") {
            return Err(MultipartError::NotMultipart(if kind.is_empty() { "of no type".into() } else { kind }));
        }
        let boundary = parameter(content_type, "boundary").ok_or(MultipartError::NoBoundary)?;
        if boundary.is_empty() || boundary.len() > MOST_BOUNDARY || !boundary.bytes().all(|b| (b' '..0x7f).contains(&b))
        {
            return Err(MultipartError::NoBoundary);
        }
        Ok(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter may stand at the very beginning, without the line end before it.
            buffer: b"\r\n".to_vec(),
            searched: 0,
            reading: Reading::Preamble,
            content_type: String::new(),
            given: 0,
        })
    }

    /// Parts given out so far.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Takes more of the body in; the parts that are whole now, in their order.
    ///
    /// # Errors
    /// What is wrong with the part that is next; no part comes after that.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Part>, MultipartError> {
        if self.reading == Reading::Epilogue {
            return Ok(Vec::new());
        }
        self.buffer.extend_from_slice(bytes);
        let mut parts = Vec::new();
        while self.step(&mut parts)? {}
        Ok(parts)
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`MultipartError::Truncated`] unless the last delimiter came.
    pub fn finish(&self) -> Result<(), MultipartError> {
        let ended = self.reading == Reading::Epilogue
            // The line end after the last delimiter may be missing.
            || (self.reading == Reading::Delimiter && self.buffer.starts_with(b"--"));
        if ended { Ok(()) } else { Err(MultipartError::Truncated(self.given + 1)) }
    }

    /// One step on; whether another one may follow at once.
    fn step(&mut self, parts: &mut Vec<Part>) -> Result<bool, MultipartError> {
        let next = self.given + 1;
        match self.reading {
            Reading::Preamble | Reading::Body => {
                let Some(at) = memmem::find(&self.buffer[self.searched..], &self.delimiter).map(|n| n + self.searched)
                else {
                    // A delimiter may have begun at the end.
                    self.searched = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
                    if self.reading == Reading::Preamble {
                        self.drop_first(self.searched);
                    }
                    return if self.buffer.len() > MOST_PART { Err(MultipartError::TooLarge(next)) } else { Ok(false) };
                };
                if self.reading == Reading::Body {
                    // What follows stays; the part takes the memory that it came in.
                    let rest = self.buffer.split_off(at);
                    let mut bytes = std::mem::replace(&mut self.buffer, rest);
                    bytes.drain(..BLANK_LINE.min(at));
                    parts.push(Part { content_type: std::mem::take(&mut self.content_type), bytes });
                    self.given += 1;
                    self.drop_first(self.delimiter.len());
                } else {
                    self.drop_first(at + self.delimiter.len());
                }
                self.reading = Reading::Delimiter;
                Ok(true)
            }
            Reading::Delimiter => {
                if self.buffer.starts_with(b"--") {
                    self.reading = Reading::Epilogue;
                    self.buffer = Vec::new();
                    return Ok(false);
                }
                // Blanks may stand before the line end.
                let blanks = self.buffer.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                match &self.buffer[blanks..] {
                    [b'\r', b'\n', ..] => {
                        // The line end stays: a header may be empty.
                        self.drop_first(blanks);
                        self.reading = Reading::Header;
                        Ok(true)
                    }
                    [] | [b'\r' | b'-'] if blanks < MOST_HEADER => Ok(false),
                    _ => Err(MultipartError::Delimiter(next)),
                }
            }
            Reading::Header => {
                let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
                    return if self.buffer.len() > MOST_HEADER { Err(MultipartError::Header(next)) } else { Ok(false) };
                };
                if end > MOST_HEADER {
                    return Err(MultipartError::Header(next));
                }
                let header = String::from_utf8_lossy(&self.buffer[..end]);
                let line =
                    |l: &&str| l.split_once(':').is_some_and(|(n, _)| n.trim().eq_ignore_ascii_case("content-type"));
                let value = header.lines().find(line).and_then(|l| l.split_once(':')).map_or("", |(_, v)| v);
                self.content_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                // The blank line stays: its end may belong to the delimiter of an empty part, which may not have come yet.
                self.drop_first(end + 2);
                self.reading = Reading::Body;
                Ok(true)
            }
            Reading::Epilogue => Ok(false),
        }
    }

    fn drop_first(&mut self, count: usize) {
        self.buffer.drain(..count.min(self.buffer.len()));
        self.searched = 0;
    }
}

/// A parameter of a media type, quoted or not (RFC 2045 5.1).
fn parameter(content_type: &str, wanted: &str) -> Option<String> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.split_once(';').map(|(_, n)| n))
            }
            None => match after.split_once(';') {
                Some((value, next)) => (value.trim(), Some(next)),
                None => (after.trim(), None),
            },
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
        rest = next?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(parts: &[Vec<u8>], preamble: &str) -> Vec<u8> {
        let mut body = preamble.as_bytes().to_vec();
        for part in parts {
            body.extend_from_slice(
                b"\r\n--x y\r\nContent-Type: Application/DICOM; transfer-syntax=*\r\nContent-Length: 7\r\n\r\n",
            );
            body.extend_from_slice(part);
        }
        body.extend_from_slice(b"\r\n--x y--\r\nepilogue");
        body
    }
    const TYPE: &str = r#"multipart/related; type="application/dicom"; boundary="x y"; start=1"#;

    proptest! {
        #[test]
        fn however_the_bytes_come_the_parts_are_the_same(
            parts in prop::collection::vec(
                prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'x'), any::<u8>()], 0..40), 0..5),
            cuts in prop::collection::vec(1usize..30, 1..40),
            preamble in prop::bool::ANY,
        ) {
            prop_assume!(parts.iter().all(|p| memmem::find(p, b"\r\n--x y").is_none()));
            let whole = body(&parts, if preamble { "before" } else { "" });
            let mut reader = Multipart::new(TYPE).expect("a type");
            let (mut at, mut got) = (0, Vec::new());
            for cut in cuts.iter().cycle() {
                if at == whole.len() { break; }
                let end = (at + cut).min(whole.len());
                got.extend(reader.push(&whole[at..end]).expect("a body"));
                at = end;
            }
            prop_assert_eq!(reader.finish(), Ok(()));
            prop_assert_eq!(reader.given(), parts.len());
            prop_assert!(got.iter().all(|p| p.content_type == "application/dicom"));
            prop_assert_eq!(got.into_iter().map(|p| p.bytes).collect::<Vec<_>>(), parts);
        }

        #[test]
        fn a_body_that_breaks_off_says_where(cut in 0usize..200) {
            let whole = body(&[b"one".to_vec(), b"two".to_vec()], "");
            let last = whole.len() - "\r\nepilogue".len();
            prop_assume!(cut < last);
            let mut reader = Multipart::new(TYPE).expect("a type");
            let got = reader.push(&whole[..cut]).expect("a beginning");
            prop_assert_eq!(reader.finish(), Err(MultipartError::Truncated(got.len() + 1)));
        }
    }

    #[test]
    fn types_and_delimiters_that_are_none_are_refused() {
        assert_eq!(
            Multipart::new("text/html; charset=utf-8").err(),
            Some(MultipartError::NotMultipart("text/html".into()))
        );
        assert_eq!(Multipart::new("multipart/related; type=x").err(), Some(MultipartError::NoBoundary));
        assert_eq!(Multipart::new("multipart/related; boundary=\"\"").err(), Some(MultipartError::NoBoundary));
        let mut reader = Multipart::new("multipart/related;boundary=b").expect("a type");
        assert_eq!(reader.push(b"--b and more\r\n\r\n"), Err(MultipartError::Delimiter(1)));
        let mut reader = Multipart::new("Multipart/Related; Boundary=b").expect("a type");
        let endless = [b"--b\r\n".to_vec(), vec![b'h'; MOST_HEADER + 9]].concat();
        assert_eq!(reader.push(&endless), Err(MultipartError::Header(1)));
        // A part without a header, and an empty one.
        let mut reader = Multipart::new("multipart/related; boundary=b").expect("a type");
        let parts = reader.push(b"--b\r\n\r\nbare\r\n--b\r\nA: b\r\n\r\n\r\n--b--").expect("a body");
        assert_eq!(parts.iter().map(|p| p.bytes.as_slice()).collect::<Vec<_>>(), [b"bare".as_slice(), b""]);
        assert_eq!(reader.finish(), Ok(()));
    }
}
