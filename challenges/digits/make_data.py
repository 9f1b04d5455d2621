"""Write the digits as images and a table: python make_data.py [OUT], by default into data/ beside this file.

The images ship with scikit-learn; nothing is downloaded and nothing is drawn by chance, so every run writes the same
bytes: the PNG files are made here, uncompressed, because compressors change between versions.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

WRITERS = 13


def png_bytes(image: np.ndarray) -> bytes:
    """An 8-bit grey PNG of an image of shape (height, width)."""
    height, width = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    stored += struct.pack(">I", zlib.adler32(rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", stored), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data"
    (out / "images").mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    count = len(digits.images)
    lines = ["id,file,digit,block,ink"]
    for number, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = f"{number:04d}.png"
        # Sixteen is full ink; 255 is white paper's opposite. Multiples of 255 / 16, rounded down.
        (out / "images" / name).write_bytes(png_bytes((image * 255 // 16).astype(np.uint8)))
        lines.append(f"{number:04d},{name},{digit},{number * WRITERS // count:02d},{image.mean():.4f}")
    (out / "digits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(out / "digits.csv")


if __name__ == "__main__":
    main()
