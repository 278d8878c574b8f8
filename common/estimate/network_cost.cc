#include "common/estimate/network_cost.h"

#include <algorithm>

#include "common/job/datasets.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

// The block that began when so much was kept ends.
void EndBlock(NetworkCost& network, std::int64_t kept_before) {
  network.largest = std::max(network.largest, network.kept - kept_before);
}

// Batch norm keeps its input, a convolution its own, which is the norm's output.
NetworkCost Cost(const WideResNet& shape, const TrainerSpec& trainer, std::int64_t classes) {
  NetworkCost network;
  std::int64_t side = trainer.model.image_size;
  const auto conv = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel;
    network.products += in * out * kernel * kernel * side * side;
  };
  const auto norm_relu = [&](std::int64_t channels, std::int64_t pixels) {
    network.parameters += 2 * channels;
    network.kept += 2 * channels * pixels;
  };
  network.kept += 3 * side * side;
  conv(3, 16, 3);
  std::int64_t in = 16;
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const std::int64_t out = (std::int64_t{16} << stage) * shape.width;
    for (std::int64_t unit = 0; unit < (shape.depth - 4) / 6; ++unit) {
      const std::int64_t before = network.kept;
      norm_relu(in, side * side);
      if (unit == 0 && stage > 0) side = (side + 1) / 2;
      conv(in, out, 3);
      norm_relu(out, side * side);
      conv(out, out, 3);
      if (unit == 0) conv(in, out, 1);
      EndBlock(network, before);
      in = out;
    }
  }
  norm_relu(in, side * side);
  network.parameters += in * classes + classes;
  network.products += in * classes;
  return network;
}

NetworkCost Cost(const ResNet18&, const TrainerSpec& trainer, std::int64_t classes) {
  const Model& model = trainer.model;
  NetworkCost network;
  const bool small = model.stem == Stem::kCifar || (model.stem == Stem::kAuto && model.image_size <= 64);
  std::int64_t side = model.image_size;
  const auto conv_norm = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel + 2 * out;
    network.products += in * out * kernel * kernel * side * side;
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
      EndBlock(network, before);
      in = out;
    }
  }
  network.parameters += in * classes + classes;
  network.products += in * classes;
  return network;
}

// The ResNet of a hybrid: 3, 4 and 9 bottlenecks with weight standardisation and group norm.
void AddStem(NetworkCost& network, std::int64_t side) {
  const auto conv_norm = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    network.parameters += in * out * kernel * kernel + 2 * out;
    network.products += in * out * kernel * kernel * side * side;
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
      EndBlock(network, before);
      in = out;
    }
    out *= 2;
  }
}

NetworkCost Cost(const VisionTransformer& shape, const TrainerSpec& trainer, std::int64_t classes) {
  const Model& model = trainer.model;
  NetworkCost network;
  const std::int64_t side = model.image_size / shape.patch;
  const std::int64_t tokens = side * side + (model.classifier == Classifier::kToken ? 1 : 0);
  const std::int64_t width = shape.width;
  const std::int64_t mlp = shape.mlp_width;
  const std::int64_t patch = shape.hybrid ? 1024 : 3 * std::int64_t{shape.patch} * shape.patch;
  if (shape.hybrid) AddStem(network, model.image_size);
  network.kept += patch * side * side;
  network.products += patch * side * side * width;
  network.parameters += patch * width + width + tokens * width + (model.classifier == Classifier::kToken ? width : 0);
  // Norms keep their input, products theirs: x, norm(x), q k v, what attention gives, x, norm(x), before and after
  // GELU.
  std::int64_t block = tokens * (8 * width + 2 * mlp);
  if (model.dropout > 0) block += tokens * (4 * width + 2 * mlp);  // the results, and masks of a byte
  const std::int64_t block_parameters = 4 * width * width + 4 * width + 2 * width * mlp + mlp + width + 4 * width;
  network.parameters += shape.depth * block_parameters + 2 * width + width * classes + classes;
  // Query, key, value and output; attention's two products; the MLP's two.
  network.products +=
      shape.depth * tokens * (4 * width * width + 2 * tokens * width + 2 * width * mlp) + width * classes;
  network.largest = std::max(network.largest, block);
  network.inputs = shape.depth * tokens * width;
  // Blocks that are computed again keep their input alone; one at a time keeps the rest.
  network.kept += trainer.activation_checkpointing ? network.inputs + block : shape.depth * block;
  return network;
}

}  // namespace

NetworkCost CostOf(const TrainerSpec& trainer) {
  const Result<NamedModel> model = FindModel(trainer.model.name);
  if (!model.ok()) return {};
  constexpr std::int64_t kUnknown = 1000;
  const std::int64_t known = RowOf(trainer.dataset.name).classes;
  const std::int64_t classes = known > 0 ? known : kUnknown;
  return std::visit([&](const auto& shape) { return Cost(shape, trainer, classes); }, model->architecture);
}

double TrainingFlopsPerImage(const TrainerSpec& trainer) {
  const bool twice = trainer.optimizer.name == Optimizer::kSam || trainer.optimizer.name == Optimizer::kAsam;
  // Backward has two products for each of forward's.
  return 2.0 * 3.0 * (twice ? 2.0 : 1.0) * static_cast<double>(CostOf(trainer).products);
}

}  // namespace eoa::api
