"""torch_steps.py KEY=VALUE...: what bench_step.cc does, in PyTorch at its best: fused SGD, foreach ASAM (davda54's form), in-place
ReLU, gradients dropped and not zeroed; on a GPU autocast, cuDNN's search and no wait for the device within the steps.
    model optimizer=sgd|asam batch threads precision=fp32|tf32|bf16 device=Cpu|Cuda layout=channels_last|contiguous
    compile=no|default|reduce-overhead|max-autotune"""

import contextlib
import pathlib
import sys
import time

import torch
from torch.nn import functional

sys.path.append(str(pathlib.Path(__file__).parents[2] / "parity" / "model"))
import reference_models

RHO = 0.5
TRANSFORMERS = {"vit-ti-16": "vit_tiny_patch16_224", "vit-b-16": "vit_base_patch16_224", "vit-l-16": "vit_large_patch16_224"}
DEFAULTS = {"optimizer": "sgd", "batch": "128", "threads": "1", "precision": "fp32", "device": "Cpu", "layout": "channels_last",
            "compile": "no"}


def make_model(name):
    if name in TRANSFORMERS:
        import timm  # slow to import
        return timm.create_model(TRANSFORMERS[name], num_classes=10)
    return reference_models.make_model(name, classes=10)


class Steps:
    def __init__(self, options):
        name, device = options["model"], options["device"].lower()
        layout = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}[options["layout"]]
        side = 224 if name in TRANSFORMERS else 32
        batch = int(options["batch"])
        self.device = torch.device(device)
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options["precision"] != "fp32"
        self.bf16 = options["precision"] == "bf16"
        model = make_model(name).to(self.device, memory_format=layout)
        for module in model.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = True
        self.norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        self.parameters = list(model.parameters())
        self.model = model if options["compile"] == "no" else torch.compile(model, mode=options["compile"])
        self.sgd = torch.optim.SGD(self.parameters, lr=0.01, momentum=0.9, weight_decay=5e-4, fused=True)
        self.images = torch.randn(batch, 3, side, side).contiguous(memory_format=layout).to(self.device)
        self.labels = torch.randint(10, (batch,)).to(self.device)
        self.losses = torch.zeros((), device=self.device)
        self.step = self.asam_step if options["optimizer"] == "asam" else self.sgd_step

    def backward(self):
        self.sgd.zero_grad(set_to_none=True)
        cast = torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else contextlib.nullcontext()
        with cast:
            loss = functional.cross_entropy(self.model(self.images), self.labels, label_smoothing=0.1)
        loss.backward()
        return loss.detach()

    def sgd_step(self):
        self.losses += self.backward()
        self.sgd.step()

    def asam_step(self):
        self.losses += self.backward()
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

    def run(self, count):
        self.losses.zero_()
        start = time.perf_counter()
        for _ in range(count):
            self.step()
        mean = self.losses.item() / count
        took = time.perf_counter() - start
        return took, mean, torch.cuda.max_memory_allocated() if self.device.type == "cuda" else 0


def main():
    options = DEFAULTS | dict(argument.split("=", 1) for argument in sys.argv[1:])
    torch.set_num_threads(int(options["threads"]))
    steps = Steps(options)
    for line in sys.stdin:
        print(*steps.run(int(line)), flush=True)


if __name__ == "__main__":
    main()
