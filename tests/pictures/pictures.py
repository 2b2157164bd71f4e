"""Real files for the door, and a look at what came out by readers that are not ours.

    pictures.py make DIR     writes files into DIR, each full of things that must not come out
    pictures.py check DIR    compares DIR/out/NAME and DIR/out/NAME.thumb with DIR/NAME

Pillow writes and reads the pixels; exiftool writes and looks for metadata. Exit code 3: one of the
two is missing.
"""

import json
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

try:
    from PIL import Image, ImageChops, ImageCms, ImageOps, ImageSequence, ImageStat
except ImportError:
    sys.exit(3)
if not shutil.which("exiftool"):
    sys.exit(3)

SECRET = "Ada Lovelace"
TRAILER = b"PK\x03\x04 " + SECRET.encode()
TAGS = [
    "-Make=ACME", "-Model=ACME One", "-SerialNumber=4711", "-Software=ACME 1.0",
    "-DateTimeOriginal=2026:11:23 12:00:00", "-GPSLatitude=48.8584", "-GPSLatitudeRef=N",
    "-GPSLongitude=2.2945", "-GPSLongitudeRef=E", f"-Artist={SECRET}", f"-XMP:Creator={SECRET}",
    f"-XMP:Description={SECRET}", "-XMP:GPSLatitude=48.8584",
]
JPEG_TAGS = [*TAGS, f"-IPTC:By-line={SECRET}", "-IPTC:City=Paris", f"-Comment={SECRET}"]


def scene(width, height, shift=0):
    """A picture that differs in every corner."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    disc = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", (ImageChops.offset(across, shift), down, disc))


def exiftool(paths, *arguments):
    subprocess.run(
        ["exiftool", "-q", "-q", "-m", "-overwrite_original", *arguments, *map(str, paths)], check=True
    )


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path, width, height, depth, colour, pixel, interlaced=False):
    """A PNG that Pillow cannot write; `pixel(x, y)` gives the bytes of a pixel."""
    rows = b""
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                  (0, 1, 1, 2)]
    for left, top, across, down in passes:
        for y in range(top, height, down):
            row = b"".join(pixel(x, y) for x in range(left, width, across))
            rows += b"\0" + row if row else b""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    text = chunk(b"tEXt", b"Author\0" + SECRET.encode()) + chunk(b"tIME", b"\x07\xea\x0b\x17\x0c\0\0")
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def make(folder):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    for value in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = value
        for name, size, sampling in [("even", (320, 240), 2), ("odd", (317, 243), 2), ("fine", (131, 67), 0)]:
            path = folder / f"phone-{name}-{value}.jpg"
            scene(*size).save(path, quality=92, subsampling=sampling, exif=exif, icc_profile=profile)
        scene(90, 61).save(folder / f"turned-{value}.png", exif=exif)
        scene(90, 61).save(folder / f"turned-{value}.webp", lossless=True, exif=exif)
    large = scene(2400, 1808)
    large.save(folder / "large.jpg", quality=90, subsampling=2)
    large.save(folder / "large-6.jpg", quality=90, subsampling=2, exif=turned)
    scene(320, 240).convert("L").save(folder / "grey-6.jpg", quality=90, exif=turned)
    scene(320, 240).convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    scene(320, 240).convert("CMYK").save(folder / "cmyk-6.jpg", quality=90, exif=turned)
    scene(320, 240).save(folder / "progressive.jpg", quality=90, progressive=True)
    scene(320, 240).save(folder / "progressive-6.jpg", quality=90, progressive=True, exif=turned)
    exiftool(folder.glob("*.jpg"), *JPEG_TAGS)

    see_through = scene(150, 100)
    see_through.putalpha(Image.radial_gradient("L").resize((150, 100)))
    see_through.save(folder / "alpha.png")
    see_through.save(folder / "alpha-lossy.webp", quality=80)
    see_through.save(folder / "alpha-lossless.webp", lossless=True, exact=True)
    scene(150, 100).save(folder / "lossy.webp", quality=80, icc_profile=profile)
    scene(150, 100).quantize(16).save(folder / "palette.png", transparency=3, bits=4)
    deep = lambda x, y: struct.pack(">HHH", x * 1000, y * 1500, (x * y * 37) & 0xFFFF)
    png(folder / "deep.png", 61, 40, 16, 2, deep)
    png(folder / "deep-interlaced.png", 61, 40, 16, 2, deep, interlaced=True)
    plain = lambda x, y: bytes([x * 4, y * 6, 99, 255 - x])
    png(folder / "interlaced.png", 60, 41, 8, 6, plain, interlaced=True)

    frames = [scene(80, 60, shift * 9) for shift in range(5)]
    durations = [40, 80, 120, 160, 200]
    animated = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 3}
    frames[0].save(folder / "moving.png", **animated)
    frames[0].save(folder / "moving.webp", quality=70, exif=turned, **animated)
    frames[0].save(folder / "moving-lossless.webp", lossless=True, **animated)
    indexed = [frame.quantize(32) for frame in frames]
    animated["append_images"] = indexed[1:]
    indexed[0].save(folder / "moving.gif", comment=SECRET.encode(), **animated)
    exiftool(folder.glob("*.gif"), f"-XMP:Creator={SECRET}")
    exiftool([*folder.glob("*.png"), *folder.glob("*.webp")], *TAGS)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes() + TRAILER)


def difference(one, other):
    """The mean and the largest difference of two pictures, transparency counted in."""
    if one.size != other.size:
        return 255, 255
    mix = []
    for picture in (one.convert("RGBA"), other.convert("RGBA")):
        alpha = picture.getchannel("A")
        shown = [ImageChops.multiply(picture.getchannel(band), alpha) for band in "RGB"]
        mix.append(Image.merge("RGBA", (*shown, alpha)))
    gap = ImageChops.difference(*mix)
    return sum(ImageStat.Stat(gap).mean) / 4, max(high for _, high in gap.getextrema())


def pixels_of(path):
    """All frames with their timing; a still picture upright."""
    with Image.open(path) as picture:
        count = getattr(picture, "n_frames", 1)
        loop = picture.info.get("loop")
        if count == 1:
            return [(ImageOps.exif_transpose(picture), None)], loop
        frames = ImageSequence.Iterator(picture)
        return [(frame.convert("RGBA"), frame.info.get("duration")) for frame in frames], loop


def compare(path, result, thumb):
    (before, loop), (after, loop_after) = pixels_of(path), pixels_of(result)
    assert len(before) == len(after), f"{len(before)} frames became {len(after)}"
    assert loop == loop_after, "it loops another number of times"
    # Turning a JPEG rounds other numbers; one that cannot be turned without loss loses a little.
    turned = path.suffix == ".jpg" and path.stem[-2:] in {f"-{value}" for value in range(2, 9)}
    # A CMYK picture stays one, but readers make RGB of it each in its own way.
    bounds = (1.0, 16) if turned else (0, 0)
    for (one, time), (other, time_after) in zip(before, after):
        assert time == time_after, f"{time} ms became {time_after}"
        mean, high = difference(one, other)
        assert mean <= bounds[0] and high <= bounds[1], f"pixels differ by {mean:.2f}, at most {high}"
    with Image.open(thumb) as small:
        upright = before[0][0].convert("RGBA")
        assert small.width <= 960 and small.height <= 720 and small.width <= upright.width
        expected = upright.resize(small.size, Image.BOX)
        mean, _ = difference(small, expected)
        assert mean < 4, f"the thumbnail differs by {mean:.2f}"
        with Image.open(result) as picture:
            if picture.mode != "CMYK" and path.suffix != ".gif":
                assert small.info.get("icc_profile") == picture.info.get("icc_profile")


STRUCTURE = {"SourceFile", "ExifTool", "System", "File", "Composite", "JFIF", "Adobe", "PNG", "GIF", "RIFF"}
NOT_STRUCTURE = {"Comment", "Author", "ModifyDate", "TrailerData", "Warning", "Error", "XMP", "Exif"}


def no_metadata(results):
    told = subprocess.run(
        ["exiftool", "-j", "-G1", "-a", "-u", *map(str, results)], capture_output=True, check=False
    ).stdout
    for file in json.loads(told):
        for key in file:
            group, _, tag = key.rpartition(":")
            known = group in STRUCTURE or group == "" or group.startswith("ICC")
            assert known and tag.replace(" ", "") not in NOT_STRUCTURE, f"{file['SourceFile']}: {key}"


def check(folder):
    results = []
    for path in sorted(folder.iterdir()):
        if not path.is_file():
            continue
        result = folder / "out" / path.name
        thumb = folder / "out" / f"{path.name}.thumb"
        try:
            compare(path, result, thumb)
        except AssertionError as error:
            sys.exit(f"{path.name}: {error}")
        for file in (result, thumb):
            data = file.read_bytes()
            assert SECRET.encode() not in data and b"ACME" not in data, f"{file.name} tells"
        results += [result, thumb]
    assert len(results) > 80, f"only {len(results)} files came out"
    no_metadata(results)


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
