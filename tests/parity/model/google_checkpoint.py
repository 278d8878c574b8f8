"""Vision Transformer checkpoints as google-research/vision_transformer publishes them: names, shapes and layout of the
arrays, here with random values."""

import math

import numpy

# name: width, depth, heads, MLP width, patch, hybrid
SHAPES = {
    "vit-ti-16": (192, 12, 3, 768, 16, False), "vit-s-16": (384, 12, 6, 1536, 16, False),
    "vit-b-16": (768, 12, 12, 3072, 16, False), "vit-b-32": (768, 12, 12, 3072, 32, False),
    "vit-l-16": (1024, 24, 16, 4096, 16, False), "vit-l-32": (1024, 24, 16, 4096, 32, False),
    "vit-h-14": (1280, 32, 16, 5120, 14, False), "r50-vit-b-16": (768, 12, 12, 3072, 16, True),
}


def kernel(random, *shape, fan=None):
    return random.standard_normal(shape, dtype=numpy.float32) / numpy.float32(math.sqrt(fan or math.prod(shape[:-1])))


def vector(random, *shape, mean=0.0):
    return (mean + 0.1 * random.standard_normal(shape)).astype(numpy.float32)


def residual_stem(random):
    def conv(size, inputs, outputs):
        # Filters are standardised when they are used: their scale does not matter, unless it comes near the epsilons, in which
        # implementations differ.
        return random.standard_normal((size, size, inputs, outputs), dtype=numpy.float32)

    def norm(channels):
        return {"scale": vector(random, 1, 1, 1, channels, mean=1.0), "bias": vector(random, 1, 1, 1, channels)}

    arrays = {"conv_root/kernel": conv(7, 3, 64), **{f"gn_root/{key}": value for key, value in norm(64).items()}}
    inputs = 64
    for stage, units in enumerate((3, 4, 9)):
        outputs = 256 << stage
        for unit in range(units):
            base = f"block{stage + 1}/unit{unit + 1}/"
            layers = [("1", 1, inputs, outputs // 4), ("2", 3, outputs // 4, outputs // 4), ("3", 1, outputs // 4, outputs)]
            if unit == 0:
                layers.append(("_proj", 1, inputs, outputs))
            for layer, size, before, after in layers:
                arrays[f"{base}conv{layer}/kernel"] = conv(size, before, after)
                arrays |= {f"{base}gn{layer}/{key}": value for key, value in norm(after).items()}
            inputs = outputs
    return arrays


def make(name, side, classes, seed, pre_logits=False):
    """The arrays of a checkpoint trained on a grid of side x side patches."""
    width, depth, heads, mlp, patch, hybrid = SHAPES[name]
    random = numpy.random.default_rng(seed)
    arrays = residual_stem(random) if hybrid else {}
    patch_kernel = (1, 1, 1024, width) if hybrid else (patch, patch, 3, width)
    arrays |= {
        "embedding/kernel": kernel(random, *patch_kernel), "embedding/bias": vector(random, width), "cls": vector(random, 1, 1, width),
        "Transformer/posembed_input/pos_embedding": 5 * vector(random, 1, side * side + 1, width),
        "Transformer/encoder_norm/scale": vector(random, width, mean=1.0), "Transformer/encoder_norm/bias": vector(random, width),
        "head/kernel": kernel(random, width, classes), "head/bias": vector(random, classes),
    }
    if pre_logits:
        arrays |= {"pre_logits/kernel": kernel(random, width, width), "pre_logits/bias": vector(random, width)}
    for block in range(depth):
        base = f"Transformer/encoderblock_{block}/"
        for norm in ("LayerNorm_0", "LayerNorm_2"):
            arrays |= {f"{base}{norm}/scale": vector(random, width, mean=1.0), f"{base}{norm}/bias": vector(random, width)}
        attention = base + "MultiHeadDotProductAttention_1/"
        for part in ("query", "key", "value"):
            arrays |= {f"{attention}{part}/kernel": kernel(random, width, heads, width // heads, fan=width),
                       f"{attention}{part}/bias": vector(random, heads, width // heads)}
        arrays |= {f"{attention}out/kernel": kernel(random, heads, width // heads, width), f"{attention}out/bias": vector(random, width)}
        arrays |= {f"{base}MlpBlock_3/Dense_0/kernel": kernel(random, width, mlp), f"{base}MlpBlock_3/Dense_0/bias": vector(random, mlp),
                   f"{base}MlpBlock_3/Dense_1/kernel": kernel(random, mlp, width), f"{base}MlpBlock_3/Dense_1/bias": vector(random, width)}
    return arrays


POSITIONS = "Transformer/posembed_input/pos_embedding"


def fixed_positions(side, width):
    """google-research/big_vision's posemb_sincos_2d."""
    y, x = numpy.mgrid[:side, :side]
    omega = 1 / 10000 ** (numpy.arange(width // 4) / (width // 4 - 1))
    y, x = (numpy.einsum("m,d->md", axis.flatten(), omega) for axis in (y, x))
    return numpy.concatenate([numpy.sin(x), numpy.cos(x), numpy.sin(y), numpy.cos(y)], axis=1)[None].astype(numpy.float32)


def with_positions(arrays, grid_positions, token=True):
    """The same checkpoint with these positions, and zeros for the class token's."""
    zeros = numpy.zeros_like(grid_positions[:, :1])
    return arrays | {POSITIONS: numpy.concatenate([zeros, grid_positions], axis=1) if token else grid_positions}


def as_big_vision(arrays, fixed=False):
    """The same in the names of google-research/big_vision, where the class token has no position; `fixed` positions are not in the file."""
    names = {"MultiHeadDotProductAttention_1": "MultiHeadDotProductAttention_0", "MlpBlock_3": "MlpBlock_0", "LayerNorm_2": "LayerNorm_1"}
    renamed = {}
    for key, value in arrays.items():
        for old, new in names.items():
            key = key.replace(old, new)
        renamed[key] = value
    positions = renamed.pop(POSITIONS)[:, 1:]
    return renamed if fixed else renamed | {"pos_embedding": positions}


def zoom(grid, side):
    """scipy.ndimage.zoom(grid, ..., order=1), with which the published fine-tuning resizes [old, old, D]: linear interpolation
    between grid points, corners on corners."""
    def along(values, axis):
        old = values.shape[axis]
        at = numpy.arange(side) * ((old - 1) / (side - 1))
        low = numpy.minimum(at.astype(int), old - 2)
        shape = [1] * values.ndim
        shape[axis] = side
        share = (at - low).reshape(shape)
        return numpy.take(values, low, axis) * (1 - share) + numpy.take(values, low + 1, axis) * share
    return along(along(grid.astype(numpy.float64), 0), 1).astype(numpy.float32)


def on_grid(arrays, side):
    """The same checkpoint with position embeddings for another grid."""
    name = POSITIONS
    old = arrays[name]
    before = math.isqrt(old.shape[1] - 1)
    grid = zoom(old[0, 1:].reshape(before, before, -1), side).reshape(1, side * side, -1)
    return arrays | {name: numpy.concatenate([old[:, :1], grid], axis=1)}


def rounded(array, element):
    """What is left of float32 values in a smaller type."""
    if element == "float16":
        return array.astype(numpy.float16).astype(numpy.float32)
    return (array.view(numpy.uint32) & numpy.uint32(0xFFFF0000)).view(numpy.float32)


def save(path, arrays, prefix="", compressed=False, element=None):
    """element: float16, or bfloat16, which numpy saves as two bytes without a meaning."""
    def convert(array):
        if element == "float16":
            return array.astype(numpy.float16)
        if element == "bfloat16":
            return (array.view(numpy.uint32) >> 16).astype(numpy.uint16).view("V2")
        return array
    write = numpy.savez_compressed if compressed else numpy.savez
    write(path, **{prefix + key: convert(value) for key, value in arrays.items()})
