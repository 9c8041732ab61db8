"""Coverage-guided fuzzing of the decoders and the transform: ``make fuzz``.

libFuzzer (by atheris) keeps each input that reaches new code; half of its inputs are changed as
JSON, half as bytes. An input that breaks something is written to ``build/fuzz/crash-…``, and
belongs into ``tests/data/odd`` once the fault is mended.
"""

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["fuse_otel"]):
    from support.rigs.call_path import whole_path

from support.builders.mutation import mutated


def once(data: bytes) -> None:
    whole_path(data)


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    dice = Random(seed)
    changed = mutated(data, dice) if dice.random() < 0.5 else atheris.Mutate(data, longest)
    return bytes(changed)[:longest]


if __name__ == "__main__":
    atheris.Setup(sys.argv, once, custom_mutator=mutate)
    atheris.Fuzz()
