"""The same training in PyTorch: its own SGD and AdamW, SAM and ASAM written after their papers."""

import torch
from torch.nn import functional


def make_optimizer(settings, parameters):
    rate, decay = float(settings["learning_rate"]), float(settings["weight_decay"])
    if settings["optimizer"] == "adamw":
        betas = (float(settings["beta1"]), float(settings["beta2"]))
        return torch.optim.AdamW(parameters, lr=rate, betas=betas, eps=float(settings["epsilon"]), weight_decay=decay)
    return torch.optim.SGD(parameters, lr=rate, momentum=float(settings["momentum"]), weight_decay=decay,
                           nesterov=settings["optimizer"] == "sgd-nesterov")


def scale(optimizer, name, weight):
    """T of ASAM, by which a parameter's neighbourhood is stretched; 1 for SAM."""
    if optimizer == "asam-davda54":
        return weight.abs()
    if optimizer == "asam-original" and "weight" in name:
        return weight.abs() + 0.01
    return torch.ones_like(weight)


@torch.no_grad()
def perturbation(optimizer, rho, model):
    """The worst point of the neighbourhood, to first order: Kwon et al. 2021, equation 6."""
    scales = {name: scale(optimizer, name, weight) for name, weight in model.named_parameters()}
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    norm = sum(((scales[name] * gradients[name]) ** 2).sum() for name in scales).sqrt()
    return {name: rho * scales[name] ** 2 * gradients[name] / norm for name in scales}


def set_track_statistics(model, track):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.1 if track else 0.0


def train(model, images, labels, settings):
    """Trains through all batches; returns what record_training.cc records."""
    optimizer = make_optimizer(settings, list(model.parameters()))
    name, smoothing = settings["optimizer"], float(settings["smoothing"])
    result, losses = {}, []
    model.train()
    for step, (batch, target) in enumerate(zip(images, labels)):
        model.zero_grad()
        logits = model(batch)
        loss = functional.cross_entropy(logits, target, label_smoothing=smoothing)
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            result["logits"] = logits.detach().clone()
            result |= {f"gradient/{key}": weight.grad.clone() for key, weight in model.named_parameters()}
        if "sam" in name:
            offsets = perturbation(name, float(settings["rho"]), model)
            before = {key: weight.detach().clone() for key, weight in model.named_parameters()}
            with torch.no_grad():
                for key, weight in model.named_parameters():
                    weight.add_(offsets[key])
            model.zero_grad()
            set_track_statistics(model, False)
            functional.cross_entropy(model(batch), target, label_smoothing=smoothing).backward()
            set_track_statistics(model, True)
            with torch.no_grad():
                for key, weight in model.named_parameters():
                    weight.copy_(before[key])
        if float(settings["clip"]) > 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), float(settings["clip"]))
        optimizer.step()
    result["losses"] = torch.stack(losses)
    result |= {f"final/{key}": value.clone() for key, value in model.state_dict().items()}
    model.eval()
    with torch.no_grad():
        result["evaluated"] = model(images[0])
    return result
