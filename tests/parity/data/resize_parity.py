"""resize_parity.py RECORD_RESIZE: the worker's resizing against Pillow's BILINEAR, which torchvision and the published
fine-tuning use. Pillow rounds twice, once after each axis, and with fixed-point weights; ours rounds once. The first
of its roundings is off by a quarter of a grey level on average, which moves about every sixth result to its neighbour."""

import random
import subprocess
import sys

import numpy
from PIL import Image

# Photos' sizes, CIFAR's, shapes that are not square, growing and shrinking.
SIZES = [(32, 32), (500, 375), (375, 500), (224, 224), (640, 480), (100, 1000), (1600, 1200), (225, 223), (17, 400)]
TARGETS = [224, 384]


def picture(width, height, seed):
    """Smooth shapes with sharp edges and some noise."""
    generator = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [127 + 100 * numpy.sin(x / (5 + 11 * channel) + y / (9 + channel)) for channel in range(3)]
    image = numpy.stack(planes, axis=2) + generator.normal(0, 20, (height, width, 3))
    image[(x // 13 + y // 7) % 5 == 0] = 255
    return numpy.clip(image, 0, 255).astype(numpy.uint8)


def boxes(width, height, chance):
    """The whole image, as in evaluation, and whole pixels at random, as RandomResizedCrop has them."""
    yield (0, 0, width, height)
    for _ in range(3):
        box_width, box_height = chance.randint(2, width), chance.randint(2, height)
        yield (chance.randint(0, width - box_width), chance.randint(0, height - box_height), box_width, box_height)


def main():
    chance = random.Random(5)
    cases = []
    for number, (width, height) in enumerate(SIZES):
        image = picture(width, height, number)
        cases += [(image, box, size) for size in TARGETS for box in boxes(width, height, chance)]
    request = b"".join(b"%d %d %d %d %d %d %d\n" % (image.shape[1], image.shape[0], *box, size) + image.tobytes()
                       for image, box, size in cases)
    answer = subprocess.run([sys.argv[1]], input=request, stdout=subprocess.PIPE, check=True).stdout
    assert len(answer) == sum(3 * size * size for _, _, size in cases)
    at, furthest, differing = 0, 0, 0
    for image, box, size in cases:
        ours = numpy.frombuffer(answer, numpy.uint8, 3 * size * size, at).reshape(size, size, 3).astype(int)
        at += 3 * size * size
        left, top, width, height = box
        # Pillow's `box` looks at pixels outside of it too, as ours does.
        pillow = numpy.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR,
                                                             box=(left, top, left + width, top + height))).astype(int)
        apart = numpy.abs(ours - pillow)
        assert apart.max() <= 1, f"{image.shape} {box} to {size}: {apart.max()} grey levels apart"
        furthest, differing = max(furthest, apart.max()), differing + int((apart > 0).sum())
    share = differing / len(answer)
    assert share < 0.25, f"{share:.1%} of all values differ"
    print(f"{len(cases)} resizes, at most {furthest} grey level apart, {share:.2%} of the values")


if __name__ == "__main__":
    main()
