"""The equations of docs/algorithm.md in 50-digit decimal arithmetic, written apart from the C++ code.

Slow and direct: rounding plays no part here, so that what a comparison shows is the error of the C++ code alone.
"""

from decimal import Decimal, getcontext
from types import SimpleNamespace

getcontext().prec = 50

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")
HALF, ONE, TWO = Decimal("0.5"), Decimal(1), Decimal(2)


def cos(angle):
    angle = angle.remainder_near(TWO * PI)
    term, total, n = ONE, ONE, 0
    while abs(term) > Decimal(10) ** -48:
        n += 2
        term *= -angle * angle / (n * (n - 1))
        total += term
    return total


def annealing(t, generations):
    """Falls from 1 to 0 over the generations."""
    return (ONE + cos(PI * t / generations)) / 2


def scaling(case):
    members = sum(len(population["members"]) for population in case["populations"])
    if case["scalingUnit"] == "Members":
        return Decimal(members)
    return Decimal(members * case["batchSizePerMember"] * case["gradientAccumulation"]) / 256


def reference_rate(case):
    return Decimal(case["baseLearningRate"]) * scaling(case)


def clip(case, rate):
    return min(max(rate, Decimal(case["minLearningRate"])), Decimal(case["maxLearningRate"]))


def elect(case):
    """(population, member, LR): Python orders tuples lexicographically; what comes first wins ties by its rank."""
    candidates = []
    for place, population in enumerate(case["populations"]):
        for member in population["members"]:
            votes = (member["fitness"], -member["learningRate"], -place, -member["member"])
            candidates.append((votes, population["name"], member))
    _, name, member = max(candidates, key=lambda candidate: candidate[0])
    return name, member["member"], Decimal(member["learningRate"])


def baseline(case, elected_rate):
    t, generations = case["generation"], case["generations"]
    if case["baseline"] == "CosineBlend":
        return (elected_rate + reference_rate(case) * annealing(t, generations)) / 2
    if case["baseline"] == "CosineStep":
        return elected_rate * annealing(t + 1, generations) / annealing(t, generations)
    if case["baseline"] == "CosineMultiplier":
        multiplier = (elected_rate / annealing(t, generations) + reference_rate(case)) / 2
        return annealing(t + 1, generations) * multiplier
    return elected_rate


def start(case, uniforms):
    """LRs from which evolution sets out."""
    factor = {"Linear": scaling(case), "SquareRoot": scaling(case).sqrt(), "None": ONE}[case["initialScaling"]]
    count = len(case["populations"][0]["members"])
    base = Decimal(case["baseLearningRate"])
    return [clip(case, base * factor * (1 + Decimal(next(uniforms)) / 10)) for _ in range(count)]


def warmed(case, rates, generation):
    base, warmup = Decimal(case["baseLearningRate"]), case["warmupGenerations"]
    if generation >= warmup:
        return rates
    return [clip(case, base + (rate - base) * generation / warmup) for rate in rates]


def evolve(case, eta_b, uniforms):
    """[(LR, greatest magnitude that took part in it)] by member; eta_b is the double that the decision carries."""
    eta_ref = reference_rate(case)
    log = case["space"] == "Log"
    floor = Decimal(case["minLearningRate"])
    into = (lambda rate: (max(rate, floor) / eta_ref).ln()) if log else (lambda rate: rate)
    out = (lambda place: eta_ref * place.exp()) if log else (lambda place: place)
    settle = lambda place: clip(case, abs(out(place)))

    t, generations = case["generation"], case["generations"]
    amplitude = TWO * (generations - t) / generations
    delta = annealing(t + 1, generations) if case["stepScale"] == "Cosine" else Decimal(case["stepScale"])
    ref, near = (ONE, ONE) if log else (eta_ref, eta_b)
    ordinary, spiral = {
        "Scaled": (lambda x: (x / ref + 4) / 8 * delta * ref,
                   lambda x: (x / ref + Decimal("1.67")) / Decimal("4.38") * delta * ref),
        "Canonical": (lambda x: x * delta,) * 2,
        "Affine": (lambda x: (x + 4) / 8 * delta, lambda x: (x + Decimal("1.67")) / Decimal("4.38") * delta),
        "AffineRelative": (lambda x: (x + 4) / 8 * delta * near, lambda x: x * delta * near),
        "Proportional": (lambda x: x / 4 * near * delta,) * 2,
    }[case["step"]]
    magnitude = abs if case["absoluteDistance"] else lambda difference: difference

    draw = lambda: Decimal(next(uniforms))
    coefficient = lambda: amplitude * (TWO * draw() - 1)
    world = SimpleNamespace(case=case, eta_b=eta_b, centre=into(eta_b), into=into, settle=settle, ordinary=ordinary,
                            spiral=spiral, magnitude=magnitude, draw=draw, coefficient=coefficient)
    members = sorted(case["populations"][0]["members"], key=lambda member: member["member"])
    return (grey_wolves if case["algorithm"] == "GreyWolf" else whales)(world, members)


def grey_wolves(world, members):
    ranking = sorted(members, key=lambda m: (-m["fitness"], m["learningRate"], m["member"]))
    prey, results = [world.centre], {}
    for rank, wolf in enumerate(ranking):
        # prey[0] is the baseline, prey[1 .. 3] are the leaders; omegas leave the baseline out.
        targets = prey[:rank + 1] if rank < 3 else prey[1:4]
        x, moves, sizes = world.into(Decimal(wolf["learningRate"])), [], []
        for target in targets:
            a = world.coefficient()
            step = world.ordinary(a * world.magnitude(TWO * world.draw() * target - x))
            moves.append(target - step)
            sizes += [abs(target), abs(step)]
        taken = world.settle(sum(moves) / len(moves))
        if rank < 3:
            prey.append(world.into(taken))
        results[wolf["member"]] = (taken, max(sizes))
    return [results[number] for number in sorted(results)]


def whales(world, members):
    results = []
    for whale in members:
        x = world.into(Decimal(whale["learningRate"]))
        p, l = world.draw(), world.draw()
        if p >= HALF:
            target = world.centre
            step = -world.spiral(world.magnitude(target - x) * l.exp() * cos(TWO * PI * l))
        else:
            a = world.coefficient()
            target = world.centre
            if abs(a) >= 1:
                other = Decimal(members[int(world.draw() * len(members))]["learningRate"])
                if world.case["step"] == "AffineRelative" and other > 2 * world.eta_b > 0:
                    other /= int(other / world.eta_b)
                target = world.into(other)
            step = world.ordinary(a * world.magnitude(TWO * world.draw() * target - x))
        results.append((world.settle(target - step), max(abs(target), abs(step))))
    return results
