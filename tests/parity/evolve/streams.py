"""The project's random streams, re-implemented from their description in docs/algorithm.md."""

M0, M1 = 0xD2511F53, 0xCD9E8D57
W0, W1 = 0x9E3779B9, 0xBB67AE85
WORD = 0xFFFFFFFF


def philox4x32_10(counter, key):
    """Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC'11)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (product1 >> 32) ^ c1 ^ k0, product1 & WORD, (product0 >> 32) ^ c3 ^ k1, product0 & WORD
        k0, k1 = (k0 + W0) & WORD, (k1 + W1) & WORD
    return c0, c1, c2, c3


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def stream(seed, name, sequence):
    """Endless uniform numbers in [0, 1), multiples of 2^-53."""
    key = fnv1a(name)
    seed %= 2**64
    mixed = philox4x32_10((key & WORD, key >> 32, sequence & WORD, sequence >> 32), (seed & WORD, seed >> 32))
    position = 0
    while True:
        words = philox4x32_10((position & WORD, position >> 32, mixed[2], mixed[3]), (mixed[0], mixed[1]))
        for high, low in (words[:2], words[2:]):
            yield ((high << 32 | low) >> 11) * 2.0**-53
        position += 1
