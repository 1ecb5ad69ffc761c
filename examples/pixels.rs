//! Writes the HU of DICOM images (frame 0) as 16-bit little endian, one after the other: `pixels OUT FILE…`.
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("usage: pixels OUT FILE…")?;
    let mut bytes = Vec::new();
    for file in arguments {
        if let Ok(frame) = hilum::dicom::decode_frame(&std::fs::read(file)?, 0) {
            bytes.extend(frame.hu.iter().flat_map(|hu| hu.to_le_bytes()));
        }
    }
    std::fs::write(out, bytes)?;
    Ok(())
}
