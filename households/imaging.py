"""Pictures: photos from a phone made small and safe, signatures drawn from their strokes. No database."""

from __future__ import annotations

import base64
import binascii
import io
import re

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from households.rules.signature import HEIGHT, WIDTH, Strokes

LONGEST_SIDE = 1600
MOST_BYTES = 300 * 1024
MOST_PIXELS = 50_000_000  # a picture that unpacks to more is no photo of a phone
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITIES = (82, 72, 60, 45)
_DATA_URL = re.compile(r"\Adata:image/[a-z+.-]{2,20};base64,")
NOT_A_PHOTO = "这不是照片，请选 JPG 或 PNG 格式的照片，或重新拍一张。"
BROKEN = "照片没有传完整，请重新拍一张。"


def photo_of(data: bytes) -> bytes:
    """A photo as a JPEG of at most LONGEST_SIDE and about MOST_BYTES, turned upright, with no EXIF and nothing else.

    Always encoded anew: what is kept holds pixels and nothing that was hidden beside them. Raises ValueError with a
    Chinese sentence for what is no JPEG, PNG or WebP.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("照片的像素太多，请把手机相机的像素调小，或重新拍一张。")
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(NOT_A_PHOTO) from error
    except (OSError, SyntaxError, EOFError) as error:
        raise ValueError(BROKEN) from error
    return _small_jpeg(upright)


def _small_jpeg(image: Image.Image) -> bytes:
    for side in (LONGEST_SIDE, LONGEST_SIDE // 2):
        image.thumbnail((side, side))
        plain = Image.new("RGB", image.size)
        plain.paste(image)
        for quality in QUALITIES:
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= MOST_BYTES:
                return out.getvalue()
    return out.getvalue()


def photo_read(text: str) -> bytes:
    """The photo that a form's field holds: base64, with or without the head of a data URL. Raises ValueError."""
    plain = _DATA_URL.sub("", text.strip())
    try:
        data = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(BROKEN) from error
    return photo_of(data)


def photo_text(data: bytes) -> str:
    """A photo as a form's field holds it."""
    return base64.b64encode(data).decode("ascii")


def signature_png(strokes: Strokes) -> bytes:
    """The signature in black on white, smooth, cut to its edges; some two kilobytes."""
    scale, pen = 3, 15
    canvas = Image.new("L", (WIDTH * scale, HEIGHT * scale), 255)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        for x, y in points:
            draw.ellipse((x - pen // 2, y - pen // 2, x + pen // 2, y + pen // 2), fill=0)
        if len(points) > 1:
            draw.line(points, fill=0, width=pen, joint="curve")
    xs, ys = ([point[axis] for stroke in strokes for point in stroke] for axis in (0, 1))
    edge = 10
    box = (
        max(min(xs) - edge, 0) * scale, max(min(ys) - edge, 0) * scale,
        min(max(xs) + edge, WIDTH) * scale, min(max(ys) + edge, HEIGHT) * scale,
    )  # fmt: skip
    cut = canvas.crop(box)
    small = cut.resize((max(cut.width // 2, 1), max(cut.height // 2, 1)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.quantize(8).save(out, "PNG", optimize=True)
    return out.getvalue()
