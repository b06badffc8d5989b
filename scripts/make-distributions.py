"""Makes Sources/Equipment/Links/DistributionTables.swift: how jitter may be distributed.

    python3 scripts/make-distributions.py > Sources/Equipment/Links/DistributionTables.swift

Each table holds the middles of 1,024 equally likely parts of a distribution, moved and scaled so
that the table itself has the mean 0 and the standard deviation 1; in units of 1/1024.
"""
import math
import statistics

COUNT = 1024
SCALE = 1024


def table(quantile):
    values = [quantile((place + 0.5) / COUNT) for place in range(COUNT)]
    mean = sum(values) / COUNT
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / COUNT)
    return [round((value - mean) / deviation * SCALE) for value in values]


def pareto(probability, shape=3):
    """Many short delays and few very long ones."""
    return (1 - probability) ** (-1 / shape)


def show(name, what, values):
    print(f"    /// {what}")
    print(f"    static let {name}: [Int16] = [")
    line = "       "
    for value in values:
        word = f" {value},"
        if len(line) + len(word) > 100:
            print(line)
            line = "       "
        line += word
    print(line)
    print("    ]")


print("// Made by scripts/make-distributions.py.")
print()
print("/// Distributions with the mean 0 and the standard deviation 1: the middles of 1,024 equally")
print("/// likely parts, in ascending order and in units of 1/1024.")
print("enum DistributionTables {")
print(f"    static var unit: Int64 {{ {SCALE} }}")
print()
show("normal", "The normal distribution.", table(statistics.NormalDist().inv_cdf))
print()
show("pareto", "A Pareto distribution of the shape 3, which bounds its variance.", table(pareto))
print("}")
