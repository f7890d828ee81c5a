"""Measures with PyTorch what the GPU check measures with its own kernels: same shapes, same names.

Argument: a JSON file with cases, the largest first, and the seconds that all may take. Prints a line of JSON for every
result as it comes; says so where something is not there: no torch, no GPU, a torch that lacks an operation.
"""

import json
import math
import statistics
import sys
import time

START = time.monotonic()


def emit(name, status="OK", **values):
    print(json.dumps({"name": name, "status": status, **values}), flush=True)


def skip(name, why):
    emit(name, "SKIPPED", why=str(why)[:300])


try:
    import torch
    import torch.nn.functional as F
except Exception as absent:  # also libraries of torch that do not load
    skip("torch", absent)
    sys.exit(0)

try:
    usable = torch.cuda.is_available()
    why = "torch sees no GPU"
except Exception as failure:
    usable, why = False, failure
if not usable:
    skip("torch", why)
    sys.exit(0)


def millis(work, samples):
    """Median and spread of the time on the GPU, in milliseconds."""
    for _ in range(2):
        work()
    torch.cuda.synchronize()

    def sample(repeats):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(repeats):
            work()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / repeats

    once = sample(1)
    repeats = max(1, min(1000, int(5 / once))) if once > 0 else 1
    budget = 4000.0
    times = []
    while len(times) < samples and (len(times) < 3 or budget > 0):
        times.append(sample(repeats))
        budget -= times[-1] * repeats
    times.sort()
    last = len(times) - 1
    median = statistics.median(times)
    spread = (times[math.ceil(0.9 * last)] - times[math.floor(0.1 * last)]) / median
    return median, spread


def measure(case, peer, work, samples):
    try:
        median, spread = millis(work, samples)
        emit(case["name"], ms=round(median, 5), spread=round(spread, 4), kind=case["kind"],
             rate=round(case["amount"] / median / 1e9, 2), unit="T/s", peer=peer)
    except Exception as failure:  # a peer that cannot do a shape is no failure of the check
        skip(case["name"], f"{peer}: {failure}")
    torch.cuda.empty_cache()


def linear(case, samples):
    m, n, k, kind = case["m"], case["n"], case["k"], case["format"]
    x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
    w = torch.randn(n, k, device="cuda", dtype=torch.bfloat16) / math.sqrt(k)
    if kind == "bf16":
        bias = torch.zeros(n, device="cuda", dtype=torch.bfloat16)
        measure(case, "torch linear", lambda: F.linear(x, w, bias), samples)
    elif kind == "f8_e4m3":
        xq, sx = quantise(x, 448.0, torch.float8_e4m3fn)
        wq, sw = quantise(w, 448.0, torch.float8_e4m3fn)
        measure(case, "torch _scaled_mm, a scale a row",
                lambda: torch._scaled_mm(xq, wq.t(), scale_a=sx, scale_b=sw.t(), out_dtype=torch.bfloat16,
                                         use_fast_accum=True), samples)
    else:
        xq, _ = quantise(x, 127.0, torch.int8)
        wq, _ = quantise(w, 127.0, torch.int8)
        measure(case, "torch _int_mm, no scales", lambda: torch._int_mm(xq, wq.t()), samples)


def quantise(x, largest, dtype):
    """Codes with one scale a row."""
    scale = (x.float().abs().amax(dim=1, keepdim=True) / largest).clamp(min=1e-8)
    codes = x.float() / scale
    if dtype == torch.int8:
        codes = codes.round()
    return codes.clamp(-largest, largest).to(dtype), scale


def attention(case, samples):
    heads, dim = case["heads"], case["dim"]

    def rows(count):
        return torch.randn(1, heads, count, dim, device="cuda", dtype=torch.bfloat16)

    q = rows(case["queries"])
    contexts = [(rows(count), rows(count)) for count in case["keys"]]

    def work():
        out = None
        for k, v in contexts:
            part = F.scaled_dot_product_attention(q, k, v)
            out = part if out is None else out + part
        return out

    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
        backends = [("cuDNN", SDPBackend.CUDNN_ATTENTION), ("flash", SDPBackend.FLASH_ATTENTION)]
    except (ImportError, AttributeError):
        measure(case, "torch SDPA", work, samples)
        return
    for label, backend in backends:
        try:
            with sdpa_kernel(backend):
                work()
                measure(case, f"torch SDPA {label}", work, samples)
        except Exception as failure:
            skip(case["name"], f"torch SDPA {label}: {failure}")


class Block(torch.nn.Module):
    """One transformer block: modulated self-attention, cross-attention to text and picture, modulated feed-forward."""

    def __init__(self, dim, ffn, heads):
        super().__init__()
        self.heads = heads
        layer = torch.nn.Linear
        self.q, self.k, self.v, self.o = (layer(dim, dim) for _ in range(4))
        self.cq, self.ck, self.cv, self.co, self.ik, self.iv = (layer(dim, dim) for _ in range(6))
        self.up, self.down = layer(dim, ffn), layer(ffn, dim)
        self.gains = torch.nn.Parameter(torch.ones(4, dim))
        self.norm = torch.nn.LayerNorm(dim)
        self.modulation = torch.nn.Parameter(torch.randn(6, dim) * 0.02)

    def split(self, x):
        return x.view(x.shape[0], self.heads, -1).transpose(0, 1).unsqueeze(0)

    @staticmethod
    def join(x):
        return x.squeeze(0).transpose(0, 1).flatten(1)

    @staticmethod
    def rotate(x, cos, sin):
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)

    def forward(self, x, text, image, cos, sin):
        half = torch.bfloat16
        dim = x.shape[1]
        shift, scale, gate, shift2, scale2, gate2 = self.modulation.float()
        h = (F.layer_norm(x, (dim,), eps=1e-6) * (1 + scale) + shift).to(half)
        q = F.rms_norm(self.q(h), (dim,), self.gains[0], 1e-6)
        k = F.rms_norm(self.k(h), (dim,), self.gains[1], 1e-6)
        q, k = (self.rotate(self.split(t).float(), cos, sin).to(half) for t in (q, k))
        y = F.scaled_dot_product_attention(q, k, self.split(self.v(h)))
        x = x + gate * self.o(self.join(y)).float()
        h = self.norm(x.to(half))
        q = self.split(F.rms_norm(self.cq(h), (dim,), self.gains[2], 1e-6))
        y = F.scaled_dot_product_attention(q, self.split(self.ck(text)), self.split(self.cv(text)))
        y = y + F.scaled_dot_product_attention(q, self.split(self.ik(image)), self.split(self.iv(image)))
        x = x + self.co(self.join(y)).float()
        h = (F.layer_norm(x, (dim,), eps=1e-6) * (1 + scale2) + shift2).to(half)
        return x + gate2 * self.down(F.gelu(self.up(h), approximate="tanh")).float()


def block(sizes, samples):
    dim, ffn, heads, tokens = sizes["dim"], sizes["ffn"], sizes["heads"], sizes["tokens"]
    name = f"block bf16, {tokens} tokens"
    operations = 2.0 * tokens * dim * (6 * dim + 2 * ffn) + 4.0 * tokens * dim * (tokens + 769)
    case = {"name": name, "kind": "bf16", "amount": operations}
    try:
        with torch.no_grad():
            net = Block(dim, ffn, heads).to("cuda", torch.bfloat16)
            x = torch.randn(tokens, dim, device="cuda")
            text = torch.randn(512, dim, device="cuda", dtype=torch.bfloat16)
            image = torch.randn(257, dim, device="cuda", dtype=torch.bfloat16)
            angle = torch.rand(tokens, dim // heads // 2, device="cuda")
            inputs = (x, text, image, angle.cos(), angle.sin())
            measure(case, "torch eager", lambda: net(*inputs), samples)
            compiled = torch.compile(net)
            measure(case, "torch.compile", lambda: compiled(*inputs), samples)
    except Exception as failure:
        skip(name, failure)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    seconds, samples = work["seconds"], work["samples"]
    emit("torch " + torch.__version__, gpu=torch.cuda.get_device_name(), cuda=str(torch.version.cuda))

    def used():
        return time.monotonic() - START

    def one(case):
        try:
            (linear if case["op"] == "linear" else attention)(case, samples)
        except Exception as failure:
            skip(case["name"], failure)

    cases = list(work["cases"])
    with torch.no_grad():
        # the block takes long to compile: after the large cases, before the small ones
        while cases and used() < 0.4 * seconds and cases[0]["amount"] > 0.02 * work["cases"][0]["amount"]:
            one(cases.pop(0))
    block(work["block"], samples)
    with torch.no_grad():
        for case in cases:
            if used() < 0.9 * seconds:
                one(case)
            else:
                skip(case["name"], "no time left")


main()
