#include "common/job/models.h"
#include "trainer/model/model.h"

namespace eoa::train {
namespace {

// A factory for each architecture. The one that is missing is what std::visit does not compile without.
struct Factory {
  const api::TrainerSpec& trainer;
  int classes;
  std::uint64_t seed;

  std::unique_ptr<Model> operator()(const api::WideResNet& shape) const {
    const api::Model& spec = trainer.model;
    return MakeWideResNet({shape.depth, shape.width, classes, spec.dropout, spec.zero_head}, seed);
  }

  std::unique_ptr<Model> operator()(const api::ResNet18&) const {
    const api::Model& spec = trainer.model;
    const bool small = spec.stem == api::Stem::kCifar || (spec.stem == api::Stem::kAuto && spec.image_size <= 64);
    return MakeResNet18({classes, !small, spec.zero_head}, seed);
  }

  std::unique_ptr<Model> operator()(const api::VisionTransformer& shape) const {
    const api::Model& spec = trainer.model;
    return MakeVisionTransformer({.shape = shape,
                                  .image_size = spec.image_size,
                                  .classes = classes,
                                  .classifier = spec.classifier,
                                  .dropout = spec.dropout,
                                  .attention_dropout = spec.attention_dropout,
                                  .stochastic_depth = spec.stochastic_depth,
                                  .zero_head = spec.zero_head,
                                  .random_weights = spec.pretrained.empty(),
                                  .recompute = trainer.activation_checkpointing},
                                 seed);
  }
};

}  // namespace

Result<std::unique_ptr<Model>> MakeModel(const api::TrainerSpec& trainer, int classes, std::uint64_t seed) {
  const Result<api::NamedModel> model = api::FindModel(trainer.model.name);
  if (!model.ok()) return Error(model.error()).WithContext("spec.trainer.model.name: '" + trainer.model.name + "'");
  return std::visit(Factory{trainer, classes, seed}, model->architecture);
}

}  // namespace eoa::train
