"""Layers that compute nothing."""

from . import functional


class Module:
    def __call__(self, *inputs):
        return self.forward(*inputs)

    def to(self, *_):
        return self


class Linear(Module):
    def __init__(self, inputs, outputs):
        self.outputs = outputs

    def forward(self, x):
        return x


class LayerNorm(Module):
    def __init__(self, dim):
        self.dim = dim

    def forward(self, x):
        return x


def Parameter(tensor):
    return tensor
