// record_logits OUT FILE MODEL IMAGE_SIZE CLASSES TOKEN|GAP IMAGES: makes the network, fills it from FILE and writes
// its logits for the images (an array of that name in the safetensors file IMAGES) to the safetensors file OUT.
// pretrained_parity.py compares.
#include <ATen/core/grad_mode.h>

#include <iostream>
#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/number.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/model/model.h"
#include "trainer/pretrained/array_source.h"
#include "trainer/pretrained/load_pretrained.h"

namespace eoa::train {
namespace {

Status Record(const std::vector<std::string>& arguments) {
  api::TrainerSpec trainer;
  trainer.model.pretrained = arguments[1];
  trainer.model.name = arguments[2];
  EOA_ASSIGN_OR_RETURN(const std::int64_t size, ParseInteger(arguments[3]));
  EOA_ASSIGN_OR_RETURN(const std::int64_t classes, ParseInteger(arguments[4]));
  trainer.model.image_size = static_cast<int>(size);
  trainer.model.classifier = arguments[5] == "GAP" ? api::Classifier::kGap : api::Classifier::kToken;
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model, MakeModel(trainer, static_cast<int>(classes), /*seed=*/1));
  EOA_RETURN_IF_ERROR(LoadPretrained(trainer, model->parameters()));
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<ArraySource> source, OpenArrays(arguments[6]));
  EOA_ASSIGN_OR_RETURN(const at::Tensor images, source->Read(0));
  const at::NoGradGuard no_grad;
  const at::Tensor logits = model->Forward(images.contiguous(at::MemoryFormat::ChannelsLast), {}).contiguous();
  const std::string_view bytes(static_cast<const char*>(logits.const_data_ptr()), logits.nbytes());
  std::int64_t parameters = 0;
  for (const at::Tensor& tensor : model->parameters().Trainable()) parameters += tensor.numel();
  EOA_RETURN_IF_ERROR(WriteSafetensors(RealFileSystem(), arguments[0],
                                       {{"logits", ElementType::kFloat32, logits.sizes().vec(), bytes}},
                                       {{"parameters", std::to_string(parameters)}}, Durability::kTransient));
  return OkStatus();
}

}  // namespace
}  // namespace eoa::train

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: record_logits OUT FILE MODEL IMAGE_SIZE CLASSES TOKEN|GAP IMAGES\n";
    return 2;
  }
  const eoa::Status status = eoa::train::Record({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::cerr << status.error().ToString() << "\n";
  return 1;
}
