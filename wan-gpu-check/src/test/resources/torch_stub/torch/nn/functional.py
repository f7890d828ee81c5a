"""Functions that compute nothing."""

import torch


def linear(x, w, bias):
    return x


def scaled_dot_product_attention(q, k, v):
    return q


def layer_norm(x, shape, eps):
    return x


def gelu(x, approximate):
    return x


if torch.KIND != "old":

    def rms_norm(x, shape, weight, eps):
        return x
