#include "common/api/memory_estimate.h"

#include <algorithm>
#include <vector>

#include "common/api/vision_transformers.h"
#include "common/base/number.h"

namespace eoa::api {
namespace {

constexpr std::int64_t kFloat = 4;
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr std::int64_t kProgram = 300 * kMebibyte;

// While one block's backward runs, gradients and the libraries' working memory take about so many times what the block has
// kept: measured (tests/parity/memory).
constexpr std::int64_t kWorking = 3;

// The one in use and those that lie ready, besides one for each of the loader's threads (trainer/data/loader.h).
constexpr std::int64_t kBatchesReady = 3;

// Numbers that are trained, and of one image numbers that backward needs.
struct Network {
  std::int64_t parameters = 0;
  std::int64_t kept = 0;
  std::int64_t largest = 0;  // of that, by one block
  std::int64_t inputs = 0;   // numbers that blocks begin with

  // The block that began when so much was kept ends.
  void EndBlock(std::int64_t kept_before) { largest = std::max(largest, kept - kept_before); }
};

std::int64_t ClassesOf(const TrainerSpec& trainer) {
  switch (trainer.dataset.name) {
    case Dataset::kCifar10:
      return 10;
    case Dataset::kCifar100:
      return 100;
    default:
      return 1000;
  }
}

// Batch norm keeps its input, a convolution its own, which is the norm's output.
Network WideResNet(std::int64_t depth, std::int64_t width, std::int64_t side, std::int64_t classes) {
  Network network;
  const auto conv = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel;
  };
  const auto norm_relu = [&](std::int64_t channels, std::int64_t pixels) {
    network.parameters += 2 * channels;
    network.kept += 2 * channels * pixels;
  };
  network.kept += 3 * side * side;
  conv(3, 16, 3);
  std::int64_t in = 16;
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const std::int64_t out = (std::int64_t{16} << stage) * width;
    for (std::int64_t unit = 0; unit < (depth - 4) / 6; ++unit) {
      const std::int64_t before = network.kept;
      norm_relu(in, side * side);
      if (unit == 0 && stage > 0) side = (side + 1) / 2;
      conv(in, out, 3);
      norm_relu(out, side * side);
      conv(out, out, 3);
      if (unit == 0) conv(in, out, 1);
      network.EndBlock(before);
      in = out;
    }
  }
  norm_relu(in, side * side);
  network.parameters += in * classes + classes;
  return network;
}

Network ResNet18(const Model& model, std::int64_t classes) {
  Network network;
  const bool small = model.stem == Stem::kCifar || (model.stem == Stem::kAuto && model.image_size <= 64);
  std::int64_t side = model.image_size;
  const auto conv_norm = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel + 2 * out;
    network.kept += out * side * side;  // the norm's input
  };
  const auto relu = [&](std::int64_t channels) { network.kept += channels * side * side; };
  network.kept += 3 * side * side;
  if (!small) side = (side + 1) / 2;
  conv_norm(3, 64, small ? 3 : 7);
  relu(64);
  if (!small) {
    side = (side + 1) / 2;
    network.kept += 3 * 64 * side * side;  // values and their places
  }
  std::int64_t in = 64;
  for (const std::int64_t out : {64, 128, 256, 512}) {
    for (int block = 0; block < 2; ++block) {
      const bool first = block == 0 && out != 64;
      if (first) side = (side + 1) / 2;
      const std::int64_t before = network.kept;
      conv_norm(in, out, 3);
      relu(out);
      conv_norm(out, out, 3);
      if (first) conv_norm(in, out, 1);
      relu(out);
      network.EndBlock(before);
      in = out;
    }
  }
  network.parameters += in * classes + classes;
  return network;
}

// The ResNet of a hybrid: 3, 4 and 9 bottlenecks with weight standardisation and group norm.
void AddStem(Network& network, std::int64_t side) {
  const auto conv_norm = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel + 2 * out;
    network.kept += 2 * out * side * side;  // the norm's input and output
  };
  side /= 2;
  conv_norm(3, 64, 7);
  side /= 2;
  network.kept += 3 * 64 * side * side;  // pooling: values and their places
  std::int64_t in = 64;
  std::int64_t out = 256;
  for (const int units : {3, 4, 9}) {
    for (int unit = 0; unit < units; ++unit) {
      const std::int64_t before = network.kept;
      conv_norm(in, out / 4, 1);
      if (unit == 0 && out > 256) side /= 2;
      conv_norm(out / 4, out / 4, 3);
      conv_norm(out / 4, out, 1);
      if (unit == 0) conv_norm(in, out, 1);
      network.EndBlock(before);
      in = out;
    }
    out *= 2;
  }
}

Network Transformer(const VisionTransformer& shape, const Model& model, std::int64_t classes, bool recompute) {
  Network network;
  const std::int64_t side = model.image_size / shape.patch;
  const std::int64_t tokens = side * side + (model.classifier == Classifier::kToken ? 1 : 0);
  const std::int64_t width = shape.width;
  const std::int64_t mlp = shape.mlp_width;
  const std::int64_t patch = shape.hybrid ? 1024 : 3 * std::int64_t{shape.patch} * shape.patch;
  if (shape.hybrid) AddStem(network, model.image_size);
  network.kept += patch * side * side;
  network.parameters += patch * width + width + tokens * width + (model.classifier == Classifier::kToken ? width : 0);
  // Norms keep their input, products theirs: x, norm(x), q k v, what attention gives, x, norm(x), before and after
  // GELU.
  std::int64_t block = tokens * (8 * width + 2 * mlp);
  if (model.dropout > 0) block += tokens * (4 * width + 2 * mlp);  // the results, and masks of a byte
  const std::int64_t block_parameters = 4 * width * width + 4 * width + 2 * width * mlp + mlp + width + 4 * width;
  network.parameters += shape.depth * block_parameters + 2 * width + width * classes + classes;
  network.largest = std::max(network.largest, block);
  network.inputs = shape.depth * tokens * width;
  // Blocks that are computed again keep their input alone; one at a time keeps the rest.
  network.kept += recompute ? network.inputs + block : shape.depth * block;
  return network;
}

Network NetworkOf(const TrainerSpec& trainer) {
  const Model& model = trainer.model;
  const std::int64_t classes = ClassesOf(trainer);
  if (const auto shape = FindVisionTransformer(model.name)) {
    return Transformer(*shape, model, classes, trainer.activation_checkpointing);
  }
  if (!model.name.starts_with("wrn-")) return ResNet18(model, classes);
  const std::size_t dash = model.name.find('-', 4);
  const auto depth = ParseInteger(std::string_view(model.name).substr(4, dash - 4));
  const auto width = ParseInteger(std::string_view(model.name).substr(dash + 1));
  if (!depth.ok() || !width.ok()) return {};
  return WideResNet(*depth, *width, model.image_size, classes);
}

std::string Gibibytes(std::int64_t bytes) {
  return FormatShort(static_cast<double>(bytes) / static_cast<double>(std::int64_t{1} << 30), 2);
}

}  // namespace

MemoryEstimate EstimateMemory(const TrainerSpec& trainer) {
  const Network network = NetworkOf(trainer);
  const std::int64_t copy = kFloat * network.parameters;
  const OptimizerSpec& optimizer = trainer.optimizer;
  const bool adam = optimizer.name == Optimizer::kAdamW;
  const bool ascends = optimizer.name == Optimizer::kSam || optimizer.name == Optimizer::kAsam;
  const int state = adam ? 2 : optimizer.momentum > 0 ? 1 : 0;
  const int saved = optimizer.reset_each_generation ? 0 : state;  // while a checkpoint is written
  const int ascent = optimizer.name == Optimizer::kAsam ? 2 : ascends ? 1 : 0;
  const bool half = trainer.precision == Precision::kBf16;
  MemoryEstimate estimate;
  estimate.parameters = network.parameters;
  estimate.weights_bytes = 2 * copy;
  estimate.gradients_bytes = copy;
  estimate.optimizer_bytes = (state + saved + ascent) * copy;
  const std::int64_t numbers = network.kept + kWorking * network.largest;
  const std::int64_t pixels = 3 * std::int64_t{trainer.model.image_size} * trainer.model.image_size;
  const std::int64_t ready = kBatchesReady + trainer.dataset.loader_threads;
  estimate.per_image_bytes = numbers * (half ? kFloat / 2 : kFloat) + ready * pixels * kFloat;
  estimate.activations_bytes = trainer.batch_size_per_member * estimate.per_image_bytes;
  estimate.program_bytes = kProgram;
  return estimate;
}

std::string DescribeMemory(const MemoryEstimate& estimate, const TrainerSpec& trainer) {
  return "about " + Gibibytes(estimate.total_bytes()) + " GiB: weights " + Gibibytes(estimate.weights_bytes) +
         ", gradients " + Gibibytes(estimate.gradients_bytes) + ", optimizer " + Gibibytes(estimate.optimizer_bytes) +
         ", activations of " + std::to_string(trainer.batch_size_per_member) + " images " +
         Gibibytes(estimate.activations_bytes) + ", program " + Gibibytes(estimate.program_bytes);
}

std::string AdviseOnMemory(const TrainerSpec& trainer, std::int64_t available_bytes) {
  const MemoryEstimate estimate = EstimateMemory(trainer);
  const std::int64_t batch = trainer.batch_size_per_member;
  const std::int64_t room = available_bytes - estimate.fixed_bytes();
  std::int64_t fits = batch / 2;
  if (available_bytes > 0) fits = std::min(fits, room / std::max<std::int64_t>(1, estimate.per_image_bytes));
  while (fits > 1 && batch % fits != 0) --fits;
  std::string advice = "a member needs " + DescribeMemory(estimate, trainer) + "; ";
  if (fits >= 1) {
    advice += "set spec.trainer.batchSizePerMember to " + std::to_string(fits) + " and gradientAccumulation to " +
              std::to_string(batch / fits * trainer.gradient_accumulation) + " for the same step with less memory";
  } else {
    advice += "give members more memory";
  }
  if (FindVisionTransformer(trainer.model.name) && !trainer.activation_checkpointing) {
    TrainerSpec other = trainer;
    other.activation_checkpointing = true;
    advice += ", or activationCheckpointing to true: about " + Gibibytes(EstimateMemory(other).total_bytes()) + " GiB";
  }
  return advice;
}

}  // namespace eoa::api
