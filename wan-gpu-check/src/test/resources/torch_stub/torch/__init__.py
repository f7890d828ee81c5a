"""Stands in for PyTorch where there is none: has the names that bench_torch.py uses, computes nothing.

TORCH_STUB says what it lacks: "no_gpu", "old" (no FP8, no choice of backends, no RMS norm), "broken" (does not load).
"""

import os

KIND = os.environ.get("TORCH_STUB", "")
if KIND == "broken":
    raise OSError("libtorch_cuda.so: cannot open shared object file")

__version__ = "0.0-stub"
bfloat16, int8, float32 = "bfloat16", "int8", "float32"


class Tensor:
    def __init__(self, *shape):
        self.shape = shape or (2, 2)

    def _same(self, *_, **__):
        return self

    __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = __truediv__ = __getitem__ = _same
    view = transpose = unsqueeze = squeeze = flatten = to = float = t = abs = amax = clamp = round = cos = sin = _same

    def __iter__(self):
        return iter([self] * 6)


def randn(*shape, **_):
    return Tensor(*shape)


rand = ones = zeros = randn


def stack(tensors, dim):
    return tensors[0]


def compile(network):
    if KIND == "old":
        raise RuntimeError("no compiler")
    return network


def _int_mm(x, w):
    return x


if KIND != "old":
    float8_e4m3fn = "float8_e4m3fn"

    def _scaled_mm(x, w, scale_a, scale_b, out_dtype, use_fast_accum):
        return x


class no_grad:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class version:
    cuda = "13.0"


class cuda:
    class Event:
        def __init__(self, enable_timing):
            self.timed = enable_timing

        def record(self):
            pass

        synchronize = record

        def elapsed_time(self, end):
            return 2.0

    @staticmethod
    def is_available():
        return KIND != "no_gpu"

    @staticmethod
    def synchronize():
        pass

    empty_cache = synchronize

    @staticmethod
    def get_device_name():
        return "stub"


from . import nn  # noqa: E402
