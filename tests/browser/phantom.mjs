// CT slices as DICOM files, as many and as large as a test needs: a ball of soft tissue in air, Explicit VR Little Endian.
import fs from "node:fs";
import path from "node:path";

const LONG = new Set(["OW", "OB", "SQ", "UN", "UT"]);

function element(group, number, vr, value) {
  const text = Buffer.isBuffer(value) ? value : Buffer.from(value, "utf8");
  const padded = text.length % 2 ? Buffer.concat([text, Buffer.from([vr === "UI" || vr === "OB" ? 0 : 0x20])]) : text;
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (LONG.has(vr)) head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}
const short = (value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

/// Writes a series of `slices` images of `size` × `size` pixels; the paths of its files. `study` tells series apart; where two lots
/// share one, `first` numbers the images of the second on. Texts may be longer and stranger than they ought to be.
export function writeSeries(
  folder,
  { slices, size, study, kernel = "", first = 0, patientName = "", patientId = "", description = "" },
) {
  const pixels = Buffer.alloc(size * size * 2);
  for (let j = 0; j < size; j++)
    for (let i = 0; i < size; i++)
      pixels.writeInt16LE(Math.hypot(i - size / 2, j - size / 2) < size / 3 ? 40 : -1000, (j * size + i) * 2);
  const uid = `2.25.990${study}`;
  const ct = "1.2.840.10008.5.1.4.1.1.2";
  return Array.from({ length: slices }, (_, k) => {
    const number = first + k + 1;
    const meta = Buffer.concat([
      element(2, 2, "UI", ct),
      element(2, 3, "UI", `${uid}.1.${number}`),
      element(2, 0x10, "UI", "1.2.840.10008.1.2.1"),
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(meta.length);
    const file = path.join(folder, `${study}-${String(first + k).padStart(5, "0")}.dcm`);
    fs.writeFileSync(
      file,
      Buffer.concat([
        Buffer.alloc(128),
        Buffer.from("DICM"),
        element(2, 0, "UL", length),
        meta,
        element(8, 5, "CS", "ISO_IR 192"),
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        element(8, 0x16, "UI", ct),
        element(8, 0x18, "UI", `${uid}.1.${number}`),
        element(8, 0x60, "CS", "CT"),
        element(8, 0x103e, "LO", description),
        element(0x10, 0x10, "PN", patientName),
        element(0x10, 0x20, "LO", patientId),
        element(0x18, 0x50, "DS", "1"),
        element(0x18, 0x1210, "SH", kernel),
        element(0x20, 0xd, "UI", uid),
        element(0x20, 0xe, "UI", `${uid}.1`),
        element(0x20, 0x13, "IS", String(number)),
        element(0x20, 0x32, "DS", `0\\0\\${k}`),
        element(0x20, 0x37, "DS", "1\\0\\0\\0\\1\\0"),
        element(0x28, 2, "US", short(1)),
        element(0x28, 4, "CS", "MONOCHROME2"),
        element(0x28, 0x10, "US", short(size)),
        element(0x28, 0x11, "US", short(size)),
        element(0x28, 0x30, "DS", "0.7\\0.7"),
        element(0x28, 0x100, "US", short(16)),
        element(0x28, 0x101, "US", short(16)),
        element(0x28, 0x102, "US", short(15)),
        element(0x28, 0x103, "US", short(1)),
        element(0x28, 0x1052, "DS", "0"),
        element(0x28, 0x1053, "DS", "1"),
        element(0x7fe0, 0x10, "OW", pixels),
      ]),
    );
    return file;
  });
}
