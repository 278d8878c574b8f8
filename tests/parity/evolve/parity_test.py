"""Compares common/evolve with the oracle, number by number, over random cases with recorded and seeded random numbers.

usage: parity_test.py EVOLVE_CASES [CASES_PER_COMBINATION]

Tolerance: a member's LR goes through fewer than 100 roundings of 2^-53 each, relative to the greatest magnitude that
takes part in it, so 1e-12 of that magnitude leaves a factor of 100 to spare, while any wrong term, random number,
constant or order is off by far more.
"""

import itertools
import json
import random
import subprocess
import sys
from decimal import Decimal

import oracle
import streams

TOLERANCE = Decimal("1e-12")
NEGLIGIBLE = Decimal("1e-40")  # what 50 digits leave of an exact zero

ALGORITHMS = ("GreyWolf", "Whale")
STEPS = ("Scaled", "Canonical", "Affine", "AffineRelative", "Proportional")
SPACES = ("Linear", "Log")
BASELINES = ("Elected", "CosineBlend", "CosineStep", "CosineMultiplier")


def make_members(rng, count, rate):
    members = []
    for number in range(count):
        # Coarse fitnesses and some equal LRs, so that ties are common.
        fitness = round(rng.random(), rng.choice((1, 3, 16)))
        rate_of_member = rate if rng.random() < 0.2 else rate * 10 ** rng.uniform(-1, 1)
        members.append({"member": number, "fitness": fitness, "learningRate": rate_of_member})
    rng.shuffle(members)
    return members


def make_case(rng, algorithm, step, space, baseline, absolute):
    generations = rng.choice((2, 5, 12, 90, 200))
    base = 10 ** rng.uniform(-4, 0)
    count = rng.randint(3 if algorithm == "GreyWolf" else 1, 9)
    low, high = rng.choice(((1e-6, 10.0), (1e-9, 1e3), (base / 3, base * 3)))
    return {
        "algorithm": algorithm, "step": step, "space": space, "baseline": baseline, "absoluteDistance": absolute,
        "stepScale": rng.choice(("Cosine", 0.01, 0.2, 0.25, 1.0)), "minLearningRate": low, "maxLearningRate": high,
        "seed": rng.choice((0, 42, -1, rng.getrandbits(62))), "baseLearningRate": base,
        "scalingUnit": rng.choice(("Members", "Batch256")), "initialScaling": rng.choice(("Linear", "SquareRoot", "None")),
        "batchSizePerMember": rng.choice((1, 32, 128)), "gradientAccumulation": rng.choice((1, 4)),
        "generations": generations, "generation": rng.randrange(generations - 1),
        "warmupGenerations": rng.choice((0, 0, 0, 5)),
        "populations": [{"name": "pack", "members": make_members(rng, count, base)},
                        {"name": "others", "members": make_members(rng, rng.randint(1, 5), base)}],
        "uniforms": [rng.random() for _ in range(6 * count)],
    }


def check(case, result):
    """Returns the greatest deviation in units of the tolerance; raises AssertionError with the reason."""
    worst = Decimal(0)

    def close(what, got, want, size):
        nonlocal worst
        deviation = abs(Decimal(got) - want) / TOLERANCE / max(abs(want), size, NEGLIGIBLE)
        assert deviation <= 1, f"{what}: {got!r}, expected {want}"
        worst = max(worst, deviation)

    name, member, elected_rate = oracle.elect(case)
    assert result["elected"] == [name, member], f"elected: {result['elected']}, expected {[name, member]}"
    close("baseline", result["baseline"], oracle.baseline(case, elected_rate), Decimal(0))

    t = case["generation"]
    setting_out = oracle.start(case, streams.stream(case["seed"], "start/pack", 0))
    for got, want in zip(result["start"], oracle.warmed(case, setting_out, 0), strict=True):
        close("start", got, want, Decimal(0))

    def compare(what, got, want):
        for number, (rate, (wanted, size)) in enumerate(zip(got, want, strict=True)):
            close(f"{what}, member {number}", rate, wanted, size if case["space"] == "Linear" else Decimal(0))

    # Steps set out from the baseline that the decision carries, a double, so that rounding it is not counted twice.
    eta_b = Decimal(result["baseline"])
    uniforms = iter(case["uniforms"])
    compare("replayed", result["replayed"], oracle.evolve(case, eta_b, uniforms))
    unused = len(list(uniforms))
    assert result["unused"] == unused, f"{result['unused']} random numbers left, expected {unused}"

    if t + 1 <= case["warmupGenerations"]:
        planned = [(rate, Decimal(0)) for rate in oracle.warmed(case, setting_out, t + 1)]
    else:
        planned = oracle.evolve(case, eta_b, streams.stream(case["seed"], "evolve/pack", t))
    compare("planned", result["planned"], planned)
    return worst


def main(program, repeats):
    rng = random.Random(20)
    combinations = itertools.product(ALGORITHMS, STEPS, SPACES, BASELINES, (True, False))
    cases = [make_case(rng, *combination) for combination in combinations for _ in range(repeats)]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(results) == len(cases), f"{len(results)} results of {len(cases)} cases"
    worst = Decimal(0)
    for case, result in zip(cases, results):
        try:
            worst = max(worst, check(case, result))
        except AssertionError as failure:
            sys.exit(f"{failure}\ncase: {json.dumps(case)}\nresult: {json.dumps(result)}")
    print(f"{len(cases)} cases agree; greatest deviation {worst * TOLERANCE:.1e} of the magnitude that took part")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24)
