"""authors_way.py CIFAR_DIRECTORY [--ranks N] [--epochs N] [--steps N] [--device cuda|cpu] [--model M]: a straightforward program for what
an EOA job does, in the way of the authors' EOA-SAM: a process for each member, all on one GPU, plain fp32 PyTorch, ASAM, gradients
averaged parameter by parameter through Gloo, and every process evaluates the whole test set after each epoch. Learning rates are
fixed: elections cost next to nothing there. Prints JSON: seconds of each epoch, evaluation included, of the slowest process."""

import argparse
import json
import os
import pathlib
import socket
import sys
import time

import torch
import torch.distributed
import torch.multiprocessing
from torch.nn import functional

sys.path.append(str(pathlib.Path(__file__).parents[2] / "parity" / "model"))
import reference_models

RHO = 0.5


def load(directory, names):
    records = torch.cat([torch.frombuffer(bytearray((directory / name).read_bytes()), dtype=torch.uint8) for name in names]).view(-1, 3073)
    return records[:, 1:].view(-1, 3, 32, 32), records[:, 0].long()


def batch_of(images, device, augment):
    batch = images.float().div(255).sub(0.47).div(0.25)
    if augment:
        batch = functional.pad(batch, (4, 4, 4, 4))
        top, left = torch.randint(9, (2,)).tolist()
        batch = batch[:, :, top:top + 32, left:left + 32]
        if torch.rand(()) < 0.5:
            batch = batch.flip(3)
    return batch.to(device)


def average_gradients(model):
    for parameter in model.parameters():
        gradient = parameter.grad.cpu()
        torch.distributed.all_reduce(gradient)
        parameter.grad.copy_(gradient / torch.distributed.get_world_size())


def asam_step(model, optimizer, images, labels):
    def backward():
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels, label_smoothing=0.1).backward()

    backward()
    average_gradients(model)
    with torch.no_grad():
        scaled = [parameter.abs() for parameter in model.parameters()]
        norm = torch.stack([(scale * parameter.grad).norm() for scale, parameter in zip(scaled, model.parameters())]).norm()
        offsets = [scale * scale * parameter.grad * (RHO / (norm + 1e-12)) for scale, parameter in zip(scaled, model.parameters())]
        for parameter, offset in zip(model.parameters(), offsets):
            parameter.add_(offset)
    backward()
    average_gradients(model)
    with torch.no_grad():
        for parameter, offset in zip(model.parameters(), offsets):
            parameter.sub_(offset)
    optimizer.step()


def evaluate(model, images, labels, device):
    model.eval()
    right = 0
    with torch.no_grad():
        for begin in range(0, len(images), 128):
            answers = model(batch_of(images[begin:begin + 128], device, False)).argmax(1)
            right += (answers.cpu() == labels[begin:begin + 128]).sum().item()
    model.train()
    return right / len(images)


def work(rank, options, port, queue):
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.distributed.init_process_group("gloo", rank=rank, world_size=options.ranks)
    torch.manual_seed(1)
    if options.device == "cpu":
        torch.set_num_threads(1)
    device = torch.device(options.device)
    model = reference_models.make_model(options.model, classes=10).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    directory = pathlib.Path(options.directory)
    images, labels = load(directory, [f"data_batch_{i}.bin" for i in range(1, 6)])
    test = load(directory, ["test_batch.bin"])
    test = [each[:options.test_images] for each in test]
    generator = torch.Generator().manual_seed(2)
    for _ in range(options.epochs):
        torch.distributed.barrier()
        begin = time.perf_counter()
        order = torch.randperm(len(images), generator=generator)[rank::options.ranks]
        for step in range(options.steps):
            chosen = order[step * options.batch:(step + 1) * options.batch]
            asam_step(model, optimizer, batch_of(images[chosen], device, True), labels[chosen].to(device))
        evaluate(model, *test, device)
        queue.put(time.perf_counter() - begin)
    torch.distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--ranks", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=43)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--test-images", type=int, default=10000)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", default="wrn-16-8")
    options = parser.parse_args()
    context = torch.multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [context.Process(target=work, args=(rank, options, port, queue)) for rank in range(options.ranks)]
    for process in processes:
        process.start()
    # Every process meets the others at the barrier of each epoch: an epoch's times come together.
    seconds = [max(queue.get() for _ in processes) for _ in range(options.epochs)]
    for process in processes:
        process.join(timeout=60)
    json.dump({"epoch_seconds": seconds}, sys.stdout)
    print()
    return max(process.exitcode or 0 for process in processes)


if __name__ == "__main__":
    sys.exit(main())
