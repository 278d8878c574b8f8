"""torch_steps.py MODEL sgd|asam BATCH THREADS channels_last|contiguous: what bench_step.cc does, in PyTorch at its best
without a compiler: fused SGD, foreach ASAM (davda54's form), in-place ReLU, gradients dropped and not zeroed."""

import pathlib
import sys
import time

import timm
import torch
from torch.nn import functional

sys.path.append(str(pathlib.Path(__file__).parents[2] / "parity" / "model"))
import reference_models

RHO = 0.5
TRANSFORMERS = {"vit-ti-16": "vit_tiny_patch16_224", "vit-b-16": "vit_base_patch16_224"}


class Steps:
    def __init__(self, name, optimizer, batch, layout):
        transformer = TRANSFORMERS.get(name)
        side = 224 if transformer else 32
        model = timm.create_model(transformer, num_classes=10) if transformer else reference_models.make_model(name, classes=10)
        self.model = model.to(memory_format=layout)
        for module in self.model.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = True
        self.parameters = list(self.model.parameters())
        self.norms = [module for module in self.model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        self.sgd = torch.optim.SGD(self.parameters, lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
        self.images = torch.randn(batch, 3, side, side).contiguous(memory_format=layout)
        self.labels = torch.randint(10, (batch,))
        self.step = self.asam_step if optimizer == "asam" else self.sgd_step

    def backward(self):
        self.sgd.zero_grad(set_to_none=True)
        functional.cross_entropy(self.model(self.images), self.labels, label_smoothing=0.1).backward()

    def sgd_step(self):
        self.backward()
        self.sgd.step()

    def asam_step(self):
        self.backward()
        with torch.no_grad():
            offsets = [weight.grad for weight in self.parameters]
            scales = torch._foreach_abs(self.parameters)
            torch._foreach_mul_(offsets, scales)
            norm = torch.stack(torch._foreach_norm(offsets)).norm()
            torch._foreach_mul_(offsets, scales)
            torch._foreach_mul_(offsets, RHO / (norm + 1e-12))
            before = torch._foreach_add(self.parameters, 0)
            torch._foreach_add_(self.parameters, offsets)
        for norm in self.norms:
            norm.momentum = 0.0
        self.backward()
        for norm in self.norms:
            norm.momentum = 0.1
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, before)
        self.sgd.step()


def main():
    model, optimizer, batch, threads, layout = sys.argv[1:]
    torch.set_num_threads(int(threads))
    layouts = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
    steps = Steps(model, optimizer, int(batch), layouts[layout])
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            steps.step()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
