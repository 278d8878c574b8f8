"""image_parity.py RECORD_PIXELS: images as the trainer decodes them against Pillow, file by file. All kinds that Pillow writes, and what
only other programs write, made here byte by byte; each of them also damaged in many ways: nothing is read that Pillow refuses."""

import io
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

import numpy
from PIL import Image

DAMAGES = 60  # of each file
# Of 64 overwritten bytes in a JPEG's data. libjpeg itself cannot see all of them: codes that happen to fit.
LEAST_REFUSED = 0.95


def picture(width=83, height=61):
    """Smooth shapes, sharp edges, some noise."""
    generator = numpy.random.default_rng(1)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [127 + 90 * numpy.sin(x / (7 + 9 * channel) + y / (11 + channel)) for channel in range(3)]
    image = numpy.stack(planes, axis=2) + generator.normal(0, 12, (height, width, 3))
    image[(x // 13 + y // 7) % 5 == 0] = 255
    return Image.fromarray(numpy.clip(image, 0, 255).astype(numpy.uint8))


def saved(image, kind, **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def inserted(data, marker, extra, last=False):
    """`extra` before the first (or last) marker of this kind."""
    at = data.rindex(bytes([0xFF, marker])) if last else data.index(bytes([0xFF, marker]))
    return data[:at] + extra + data[at:]


def replaced(data, old, new):
    assert old in data
    return data.replace(old, new, 1)


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def jpegs(rgb):
    plain = saved(rgb, "JPEG", quality=90)
    full = saved(rgb, "JPEG", quality=90, subsampling=0)
    gray = saved(rgb.convert("L"), "JPEG", quality=90)
    progressive = saved(rgb, "JPEG", quality=90, progressive=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "rgb", plain
    yield "best", saved(rgb, "JPEG", quality=100, subsampling=0)
    yield "worst", saved(rgb, "JPEG", quality=1)
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        yield "sampling-" + name, saved(rgb, "JPEG", subsampling=subsampling)
    yield "gray", gray
    yield "gray-sampled-2x2", replaced(gray, b"\x01\x01\x11\x00", b"\x01\x01\x22\x00")
    yield "progressive", progressive
    yield "progressive-gray", saved(rgb.convert("L"), "JPEG", progressive=True)
    yield "optimized", saved(rgb, "JPEG", optimize=True)
    yield "restarts", saved(rgb, "JPEG", restart_marker_blocks=3)
    yield "progressive-restarts", saved(rgb, "JPEG", progressive=True, restart_marker_rows=1)
    yield "one-pixel", saved(rgb.crop((3, 3, 4, 4)), "JPEG")
    yield "thin", saved(rgb.crop((0, 0, 1, 60)), "JPEG")
    for mode in ["CMYK"]:
        yield "cmyk", saved(rgb.convert(mode), "JPEG", quality=95)
        yield "cmyk-without-adobe", saved(rgb.convert(mode), "JPEG", quality=95).replace(b"Adobe", b"Other")
    yield "rgb-kept", saved(rgb, "JPEG", quality=90, keep_rgb=True)
    for version in [b"\x00\x00", b"\x02\x01", b"\x01\x00", b"\x09\x09"]:
        yield "jfif-" + version.hex(), replaced(plain, b"JFIF\x00\x01\x01", b"JFIF\x00" + version)
    for transform in [0, 1, 2, 5]:
        yield f"adobe-{transform}", inserted(full, 0xDB, adobe(transform))
        without = replaced(full, full[2:20], b"")
        yield f"adobe-{transform}-without-jfif", inserted(without, 0xDB, adobe(transform))
    yield "without-jfif", replaced(full, full[2:20], b"")
    yield "orientation-6", saved(rgb, "JPEG", exif=exif)
    yield "colour-profile", saved(rgb, "JPEG", icc_profile=b"not a profile" * 20)
    yield "comment", saved(rgb, "JPEG", comment=b"\xff\xd9 not the end \xff\xda")
    yield "thumbnail", inserted(plain, 0xDB, b"\xff\xed" + (len(gray) + 2).to_bytes(2, "big") + gray)
    for name, data in [("rgb", plain), ("gray", gray), ("progressive", progressive)]:
        for marker in [0xDB, 0xC4, 0xDA]:
            yield f"superfluous-{name}-{marker:02x}", inserted(data, marker, b"\x12\x34")
        yield f"superfluous-{name}-end", inserted(data, 0xD9, b"\x00\x00\x00", last=True)
        yield f"superfluous-{name}-long-end", inserted(data, 0xD9, bytes(500), last=True)
        yield f"fill-{name}", inserted(data, 0xDA, b"\xff\xff\xff")
        yield f"after-{name}", data + b"\x00trailer\xff\xd8\xff"


def pngs(rgb):
    alpha = rgb.copy()
    alpha.putalpha(rgb.convert("L"))
    deep = numpy.asarray(rgb.convert("L")).astype(numpy.uint16) * 257 ^ 0x5A
    images = {"rgb": rgb, "rgba": alpha, "la": alpha.convert("LA"), "l": rgb.convert("L"), "1": rgb.convert("1"),
              "p200": rgb.quantize(200), "p9": rgb.quantize(9), "p2": rgb.quantize(2), "i16": Image.fromarray(deep)}
    for name, image in images.items():
        yield name, saved(image, "PNG")
    yield "p-transparent", saved(images["p200"], "PNG", transparency=3)
    yield "rgb-transparent", saved(rgb, "PNG", transparency=(1, 2, 3))
    yield "l-transparent", saved(images["l"], "PNG", transparency=7)
    plain = saved(rgb, "PNG")
    for name, kind, content in [("gamma", b"gAMA", b"\x00\x01\x86\xa0"), ("srgb", b"sRGB", b"\x00"),
                                ("private", b"prVt", b"x"), ("physical", b"pHYs", bytes(8) + b"\x01")]:
        yield name, with_chunk(plain, kind, content)
    yield "gamma-16", with_chunk(saved(images["i16"], "PNG"), b"gAMA", b"\x00\x01\x86\xa0")
    yield "colour-profile", saved(rgb, "PNG", icc_profile=b"not a profile" * 20)
    yield "animated", saved(rgb, "PNG", save_all=True, append_images=[rgb.rotate(180)])
    yield "interlaced", interlaced(rgb)


def with_chunk(png, kind, content):
    """After the header."""
    return png[:33] + chunk(kind, content) + png[33:]


def chunk(kind, content):
    import zlib
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def interlaced(rgb):
    """Adam7, which Pillow does not write."""
    import zlib
    pixels = numpy.asarray(rgb)
    lines = b""
    for top, left, down, right in [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
                                   (1, 0, 2, 1)]:
        for line in pixels[top::down, left::right]:
            lines += b"\x00" + line.tobytes() if line.size else b""
    header = rgb.width.to_bytes(4, "big") + rgb.height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x01"
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def others(rgb):
    alpha = rgb.copy()
    alpha.putalpha(rgb.convert("L"))
    yield "rgb.webp", saved(rgb, "WEBP")
    yield "lossless.webp", saved(rgb, "WEBP", lossless=True)
    yield "alpha.webp", saved(alpha, "WEBP")
    yield "alpha-lossless.webp", saved(alpha, "WEBP", lossless=True, exact=True)
    yield "animated.webp", saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)])
    yield "palette.gif", saved(rgb.quantize(200), "GIF")
    yield "few.gif", saved(rgb.quantize(3), "GIF")
    yield "gray.gif", saved(rgb.convert("L"), "GIF")
    yield "transparent.gif", saved(rgb.quantize(20), "GIF", transparency=3)
    yield "in-order.gif", saved(rgb.quantize(100), "GIF", interlace=0)
    yield "animated.gif", saved(rgb.quantize(64), "GIF", save_all=True, append_images=[rgb.rotate(180).quantize(64)])


def damaged(data, chance):
    """One bit, a cut, 64 bytes."""
    broken = bytearray(data)
    what = chance.randrange(3)
    if what == 0:
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif what == 1:
        del broken[chance.randrange(len(data)):]
    else:
        at = chance.randrange(max(1, len(data) - 64))
        broken[at:at + 64] = chance.randbytes(min(64, len(data) - at))
    return bytes(broken)


def trainer(program, files):
    answer = subprocess.run([program], input="".join(f"{file}\n" for file in files).encode(), stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in files:
        end = answer.index(b"\n", at)
        word, *rest = answer[at:end].decode().split(" ")
        at = end + 1
        if word == "refused":
            yield " ".join(rest)
            continue
        width, height = map(int, rest)
        yield numpy.frombuffer(answer, numpy.uint8, 3 * width * height, at).reshape(height, width, 3)
        at += 3 * width * height


def pillow(file):
    """Pixels, or why not."""
    try:
        with Image.open(file) as image:
            image.load()
            if image.mode.startswith("I"):
                return numpy.repeat((numpy.asarray(image) >> 8).astype(numpy.uint8)[:, :, None], 3, 2)
            return numpy.asarray(image.convert("RGB"))
    except Exception as error:  # it has many kinds of them
        return f"{type(error).__name__}: {error}"


def apart(ours, theirs):
    return int(numpy.abs(ours.astype(int) - theirs).max()) if ours.shape == theirs.shape else "of another shape"


def overwritten(data, chance):
    """64 random bytes somewhere in the last scan's data."""
    start = data.rindex(b"\xff\xda") + 14
    at = chance.randrange(start, len(data) - 66)
    return data[:at] + chance.randbytes(64) + data[at + 64:]


def main():
    warnings.simplefilter("ignore")
    program = sys.argv[1]
    chance = random.Random(5)
    rgb = picture()
    corpus = {f"{name}.jpg": data for name, data in jpegs(rgb)}
    corpus |= {f"{name}.png": data for name, data in pngs(rgb)}
    corpus |= dict(others(rgb))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def written(files):
            for name, data in files.items():
                (folder / name).write_bytes(data)
            return [folder / name for name in files]

        files = written(corpus)
        furthest = 0
        for file, ours in zip(files, trainer(program, files)):
            theirs = pillow(file)
            assert not isinstance(theirs, str), f"Pillow refuses {file.name}: {theirs}"
            assert not isinstance(ours, str), f"{file.name} is refused: {ours}"
            assert apart(ours, theirs) <= 1, f"{file.name} is {apart(ours, theirs)} levels apart"
            furthest = max(furthest, apart(ours, theirs))
        broken = written({f"{i}-{name}": damaged(data, chance) for name, data in corpus.items() for i in range(DAMAGES)})
        refused = 0
        for file, ours in zip(broken, trainer(program, broken)):
            theirs = pillow(file)
            refused += isinstance(ours, str)
            assert isinstance(ours, str) or not isinstance(theirs, str), f"{file.name} is read, but not by Pillow: {theirs}"
            if not isinstance(ours, str):
                assert apart(ours, theirs) <= 1, f"{file.name}, damaged, is {apart(ours, theirs)} levels apart"
        big = saved(picture(200, 150), "JPEG", quality=95, subsampling=0)
        spoilt = written({f"{i}.jpg": overwritten(big, chance) for i in range(400)})
        found = sum(isinstance(ours, str) for ours in trainer(program, spoilt)) / len(spoilt)
        assert found >= LEAST_REFUSED, f"only {found:.1%} of overwritten JPEGs are refused"
    print(f"{len(corpus)} files, at most {furthest} level apart; {refused} of {len(broken)} damaged ones refused, "
          f"{found:.1%} of overwritten JPEGs")


if __name__ == "__main__":
    main()
