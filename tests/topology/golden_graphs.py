#!/usr/bin/env python3
"""Draws the random graphs of golden_graph_test.cpp without any of Parley's code, from docs/topology.md.

Prints the table of that test. Its numbers change only if the drawing order in the document changes, which breaks
every swarm that mixes versions: they are to be derived again from the document, never copied from what Parley draws.
"""
import itertools

MASK32 = 2**32 - 1
STREAM_GRAPH = 5
MOST_DRAWS = 200


def philox4x32(counter, key, rounds=10):
    c, k = list(counter), list(key)
    for r in range(rounds):
        if r:
            k = [(k[0] + 0x9E3779B9) & MASK32, (k[1] + 0xBB67AE85) & MASK32]
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & MASK32, (a >> 32) ^ c[3] ^ k[1], a & MASK32]
    return c


assert philox4x32([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # Random123's known answers


class Random:
    """The stream of draw number k of a graph with that seed."""

    def __init__(self, seed, k):
        def stream():
            for block in itertools.count():
                yield from philox4x32([block, k, 0, STREAM_GRAPH << 16], [seed & MASK32, seed >> 32])
        self.words = stream()

    def bits(self):
        return next(self.words)

    def real(self):
        low = self.bits()
        return ((self.bits() << 32 | low) >> 11) * 2.0**-53

    def below(self, bound):
        while True:
            product = self.bits() * bound
            if product & MASK32 >= 2**32 % bound:
                return product >> 32

    def shuffle(self, values):
        for i in range(len(values), 1, -1):
            j = self.below(i)
            values[i - 1], values[j] = values[j], values[i - 1]


def erdos_renyi(random, n, p):
    edges, met = set(), set()
    for i in range(n):
        for j in range(i + 1, n):
            if random.real() < p:
                edges.add((i, j))
                met |= {i, j}
        if i not in met:
            return None  # the next draw begins at once
    return edges


def stochastic_block(random, n, blocks, inside, between):
    edges, met = set(), set()
    for i in range(n):
        for j in range(i + 1, n):
            if random.real() < (inside if i * blocks // n == j * blocks // n else between):
                edges.add((i, j))
                met |= {i, j}
        if i not in met:
            return None
    return edges


def watts_strogatz(random, n, degree, p):
    ends = [(i, (i + hop) % n) for hop in range(1, degree // 2 + 1) for i in range(n)]
    edges = {frozenset(end) for end in ends}
    for i, j in ends:
        if random.real() < p and sum(i in edge for edge in edges) < n - 1:
            while True:
                other = random.below(n)
                if other != i and frozenset((i, other)) not in edges:
                    break
            edges.remove(frozenset((i, j)))
            edges.add(frozenset((i, other)))
    return edges


def barabasi_albert(random, n, links):
    edges = list(itertools.combinations(range(links + 1), 2))
    for newcomer in range(links + 1, n):
        ends = [end for edge in edges for end in edge]
        chosen = []
        while len(chosen) < links:
            end = ends[random.below(len(ends))]
            if end not in chosen:
                chosen.append(end)
        edges += [(end, newcomer) for end in chosen]
    return edges


def random_geometric(random, n, radius):
    places = [(random.bits() >> 1, random.bits() >> 1) for _ in range(n)]
    reach = int(radius * radius * 2.0**62)
    return [(i, j) for i in range(n) for j in range(i)
            if (places[i][0] - places[j][0])**2 + (places[i][1] - places[j][1])**2 <= reach]


def u_equistatic(random, n, offsets):
    distances = list(range(1, max(1, (n - 1) // 2) + 1))
    random.shuffle(distances)
    return [(i, (i + distance) % n) for distance in distances[:offsets] for i in range(n)]


def paired_ends(random, n, degree):
    points, edges = [i % n for i in range(n * degree)], set()
    while points:
        random.shuffle(points)
        left = []
        for a, b in zip(points[::2], points[1::2]):
            edge = (min(a, b), max(a, b))
            if a == b or edge in edges:
                left += [a, b]
            else:
                edges.add(edge)
        if left and degree <= 3:
            return None
        if len(left) == len(points) and all(
                a == b or (min(a, b), max(a, b)) in edges for a, b in itertools.combinations(left, 2)):
            return None
        points = left
    return edges


def random_regular(random, n, degree):
    if degree == 2:
        order = list(range(n))
        random.shuffle(order)
        return [(order[i], order[(i + 1) % n]) for i in range(n)]
    missing = n - 1 - degree
    if missing >= degree:
        return paired_ends(random, n, degree)
    absent = paired_ends(random, n, missing)
    return None if absent is None else set(itertools.combinations(range(n), 2)) - absent


def connected(n, edges):
    reached, frontier = {0}, [0]
    neighbours = {i: set() for i in range(n)}
    for a, b in edges:
        neighbours[a].add(b)
        neighbours[b].add(a)
    while frontier:
        for j in neighbours[frontier.pop()] - reached:
            reached.add(j)
            frontier.append(j)
    return len(reached) == n


def graph(family, n, seed, arguments):
    for k in range(MOST_DRAWS):
        edges = family(Random(seed, k), n, *arguments)
        if edges is None:
            continue
        edges = sorted({(min(edge), max(edge)) for edge in edges})
        if connected(n, edges):
            return edges, k
    raise RuntimeError("no connected graph")


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 2**64 - 1
    return value


CASES = [
    (erdos_renyi, "erdos-renyi(p={})", (0.15,), 24),
    (erdos_renyi, "erdos-renyi(p={})", (0.4,), 40),
    (random_regular, "random-regular(degree={})", (2,), 17),
    (random_regular, "random-regular(degree={})", (3,), 20),
    (random_regular, "random-regular(degree={})", (5,), 30),
    (random_regular, "random-regular(degree={})", (13,), 18),
    (watts_strogatz, "watts-strogatz(degree={}, p={})", (4, 0.3), 30),
    (watts_strogatz, "watts-strogatz(degree={}, p={})", (2, 0.5), 12),
    (watts_strogatz, "watts-strogatz(degree={}, p={})", (8, 1.0), 11),
    (barabasi_albert, "barabasi-albert(links={})", (1,), 25),
    (barabasi_albert, "barabasi-albert(links={})", (3,), 40),
    (stochastic_block, "stochastic-block(blocks={}, inside={}, between={})", (3, 0.6, 0.05), 31),
    (stochastic_block, "stochastic-block(blocks={}, inside={}, between={})", (4, 0.9, 0.01), 20),
    (random_geometric, "random-geometric(radius={})", (0.3,), 30),
    (random_geometric, "random-geometric(radius={})", (0.45,), 12),
    (u_equistatic, "u-equistatic(offsets={})", (3,), 32),
    (u_equistatic, "u-equistatic(offsets={})", (1,), 30),
]

if __name__ == "__main__":
    for family, spec, arguments, n in CASES:
        for seed in (1, 2**40 + 7):
            edges, draws = graph(family, n, seed, arguments)
            text = f"{n};" + "".join(f"{i}-{j};" for i, j in edges)
            print(f'    {{"{spec.format(*arguments)}", {n}, {seed}, 0x{fnv1a(text):016x}}},  // draw {draws}')
