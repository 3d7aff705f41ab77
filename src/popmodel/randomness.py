"""Keyed random numbers: a draw is a function of who, what for and which time, never of order.

`draw(seed, patient, purpose, subject, occurrence)` is counter-based. Purpose and subject enter as
stable hashes of their names, so adding a card or a strategy moves nobody else's luck. No stream is
consumed: the same patient has the same luck at "attempt 2 of this treatment" everywhere.

The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195),
applied twice. Where a number must keep its rank when parameters change, the normal quantile of a
uniform is taken: algorithm AS 241 (Wichura 1988, doi 10.2307/2347330), which SciPy cannot supply
inside compiled code; a test holds it against SciPy. Where only a standard normal is wanted, such
as the luck of a month, it comes from 64 keyed bits by the ziggurat of Marsaglia and Tsang (2000,
doi 10.18637/jss.v005.i08) in the form of Doornik (2005): one product and one comparison 99 times
in 100.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numba
import numpy as np

from popmodel.jit import rule

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


def stable_hash(name: str) -> int:
    """Return a 64-bit hash of a name, the same on every machine and in every version."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _mix_plain(z: int) -> int:
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)


def subject_salt(purpose: str, subject: str) -> int:
    """Return the salt of a purpose for a subject (a card or service id)."""
    return _mix_plain(stable_hash(purpose) ^ stable_hash("subject:" + subject))


def patient_key(seed: int, patient: int) -> int:
    """Return the key of a patient under a seed; all luck of the patient is drawn from it."""
    return _mix_plain((_mix_plain((seed ^ _GOLDEN) & _MASK) + patient * _GOLDEN) & _MASK)


_LAYERS = 256
_EDGE = 3.6541528853610088
"""Where the tail of the ziggurat of 256 layers begins."""


def _layers() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the right edges of the layers, all of the area of the base with its tail; last 0."""
    height = math.exp(-0.5 * _EDGE**2)
    tail = math.sqrt(0.5 * math.pi) * math.erfc(_EDGE / math.sqrt(2.0))
    area = _EDGE * height + tail
    edges = [area / height, _EDGE]
    for _ in range(2, _LAYERS):
        height += area / edges[-1]
        edges.append(math.sqrt(-2.0 * math.log(height)))
    return np.array([*edges, 0.0])


_LAYER_EDGES = _layers()

if numba.config.DISABLE_JIT:

    def _parts(bits: Any) -> Any:
        """Return a layer, a sign and a uniform in (0, 1) from parts of the bits apart."""
        return bits & 255, -1.0 if bits & 256 else 1.0, ((bits >> 12) + 0.5) * 2.0**-52

    def _again(bits: Any) -> Any:
        """Return other bits for a draw that was refused."""
        return _mix_plain((bits + _GOLDEN) & _MASK)

    def draw_bits(key: Any, salt: Any, occurrence: Any) -> Any:
        """Return 64 keyed bits (plain Python twin of the compiled function)."""
        step = (_mix_plain(int(key) ^ int(salt)) + (int(occurrence) & _MASK) * _GOLDEN) & _MASK
        return _mix_plain(step)

    def uniform(key: Any, salt: Any, occurrence: Any) -> Any:
        """Return a keyed uniform in (0, 1)."""
        return ((draw_bits(key, salt, occurrence) >> 12) + 0.5) * 2.0**-52

else:
    _U30, _U27, _U31, _U12 = (np.uint64(n) for n in (30, 27, 31, 12))
    _G, _M1, _M2 = np.uint64(_GOLDEN), np.uint64(_MIX_1), np.uint64(_MIX_2)

    @rule
    def _mix(z: Any) -> Any:
        z = (z ^ (z >> _U30)) * _M1
        z = (z ^ (z >> _U27)) * _M2
        return z ^ (z >> _U31)

    _ONE_BYTE, _BIT_8, _ZERO = (np.uint64(n) for n in (255, 256, 0))

    @rule
    def _parts(bits: Any) -> Any:
        sign = -1.0 if (bits & _BIT_8) != _ZERO else 1.0
        u = (np.float64(bits >> _U12) + 0.5) * 2.220446049250313e-16
        return np.int64(bits & _ONE_BYTE), sign, u

    @rule
    def _again(bits: Any) -> Any:
        return _mix(bits + _G)

    @rule
    def draw_bits(key: Any, salt: Any, occurrence: Any) -> Any:
        """Return 64 keyed bits."""
        return _mix(_mix(np.uint64(key) ^ np.uint64(salt)) + np.uint64(occurrence) * _G)

    @rule
    def uniform(key: Any, salt: Any, occurrence: Any) -> Any:
        """Return a keyed uniform in (0, 1)."""
        return (np.float64(draw_bits(key, salt, occurrence) >> _U12) + 0.5) * 2.220446049250313e-16


@rule
def normal_quantile(p: Any) -> Any:
    """Return the standard normal quantile of `p` in (0, 1); AS 241, relative error about 1e-16."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        a = 2509.0809287301226727
        a = a * r + 33430.575583588128105
        a = a * r + 67265.770927008700853
        a = a * r + 45921.953931549871457
        a = a * r + 13731.693765509461125
        a = a * r + 1971.5909503065514427
        a = a * r + 133.14166789178437745
        a = a * r + 3.387132872796366608
        b = 5226.495278852854561
        b = b * r + 28729.085735721942674
        b = b * r + 39307.89580009271061
        b = b * r + 21213.794301586595867
        b = b * r + 5394.1960214247511077
        b = b * r + 687.1870074920579083
        b = b * r + 42.313330701600911252
        b = b * r + 1.0
        return q * a / b
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        a = 7.7454501427834140764e-4
        a = a * r + 0.0227238449892691845833
        a = a * r + 0.24178072517745061177
        a = a * r + 1.27045825245236838258
        a = a * r + 3.64784832476320460504
        a = a * r + 5.7694972214606914055
        a = a * r + 4.6303378461565452959
        a = a * r + 1.42343711074968357734
        b = 1.05075007164441684324e-9
        b = b * r + 5.475938084995344946e-4
        b = b * r + 0.0151986665636164571966
        b = b * r + 0.14810397642748007459
        b = b * r + 0.68976733498510000455
        b = b * r + 1.6763848301838038494
        b = b * r + 2.05319162663775882187
        b = b * r + 1.0
    else:
        r -= 5.0
        a = 2.01033439929228813265e-7
        a = a * r + 2.71155556874348757815e-5
        a = a * r + 0.0012426609473880784386
        a = a * r + 0.026532189526576123093
        a = a * r + 0.29656057182850489123
        a = a * r + 1.7848265399172913358
        a = a * r + 5.4637849111641143699
        a = a * r + 6.6579046435011037772
        b = 2.04426310338993978564e-15
        b = b * r + 1.4215117583164458887e-7
        b = b * r + 1.8463183175100546818e-5
        b = b * r + 7.868691311456132591e-4
        b = b * r + 0.0148753612908506148525
        b = b * r + 0.13692988092273580531
        b = b * r + 0.59983220655588793769
        b = b * r + 1.0
    return -a / b if q < 0.0 else a / b


@rule
def normal_probability(x: Any) -> Any:
    """Return the standard normal distribution function at `x`."""
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@rule
def normal(key: Any, salt: Any, occurrence: Any) -> Any:
    """Return a keyed standard normal."""
    bits = draw_bits(key, salt, occurrence)
    layer, sign, u = _parts(bits)
    x = u * _LAYER_EDGES[layer]
    if x < _LAYER_EDGES[layer + 1]:
        return sign * x
    return sign * _rare_normal(bits, layer, x)


@rule
def _rare_normal(bits: Any, layer: Any, x: Any) -> Any:
    """Return the size of a normal whose first point fell outside the sure part of its layer."""
    while True:
        bits = _again(bits)
        _, _, u = _parts(bits)
        if layer == 0:
            bits = _again(bits)
            _, _, v = _parts(bits)
            beyond = -math.log(u) / _EDGE
            if -2.0 * math.log(v) > beyond * beyond:
                return _EDGE + beyond
        else:
            high = math.exp(0.5 * (x * x - _LAYER_EDGES[layer] ** 2))
            low = math.exp(0.5 * (x * x - _LAYER_EDGES[layer + 1] ** 2))
            if low + u * (high - low) < 1.0:
                return x
            bits = _again(bits)
            layer, _, u = _parts(bits)
            x = u * _LAYER_EDGES[layer]
            if x < _LAYER_EDGES[layer + 1]:
                return x


@rule
def exponential(key: Any, salt: Any, occurrence: Any) -> Any:
    """Return a keyed unit exponential: the budget of a hazard."""
    return -math.log(uniform(key, salt, occurrence))


def patient_keys(seed: int, first: int, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return the keys of `count` patients from number `first` on, as unsigned 64-bit integers."""
    with np.errstate(over="ignore"):
        base = np.uint64(_mix_plain((seed ^ _GOLDEN) & _MASK))
        numbers = np.arange(first, first + count, dtype=np.uint64) * np.uint64(_GOLDEN)
        z = base + numbers
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def draw(seed: int, patient: int, purpose: str, subject: str, occurrence: int) -> float:
    """Return the uniform in (0, 1) of a patient for a purpose, a subject and an occurrence.

    Args:
        seed: the seed of the run (patient luck).
        patient: the patient's number.
        purpose: what the draw decides, e.g. `drop_out`.
        subject: id of the card or service it belongs to, or an empty string.
        occurrence: which time: attempt, month, episode.
    """
    return float(uniform(patient_key(seed, patient), subject_salt(purpose, subject), occurrence))
