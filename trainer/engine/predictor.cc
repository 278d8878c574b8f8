#include "trainer/engine/predictor.h"

#include <algorithm>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>

#include "common/base/json_guard.h"
#include "trainer/comm/torch_error.h"
#include "trainer/data/image_file.h"
#include "trainer/data/transform.h"
#include "trainer/device/device.h"
#include "trainer/engine/autocast.h"
#include "trainer/engine/flat_weights.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxModelBytes = std::uint64_t{1} << 38;

// One image file as a data source of one sample.
class SingleImage final : public DataSource {
 public:
  SingleImage(std::string path, std::string bytes)
      : DataSource({0}, {"unknown"}), path_(std::move(path)), bytes_(std::move(bytes)) {}

  Result<RecordView> Read(std::uint32_t /*sample*/, std::vector<std::uint8_t>& /*scratch*/) const override {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes_.data());
    return RecordView(EncodedView{{data, bytes_.size()}});
  }
  std::string Describe(std::uint32_t /*sample*/) const override { return path_; }

 private:
  std::string path_;
  std::string bytes_;
};

Result<std::vector<std::string>> ClassesOf(const Safetensors& file) {
  const auto found = file.metadata.find("classes");
  if (found == file.metadata.end()) return InvalidArgumentError("its metadata names no classes; is it a run's model?");
  EOA_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(found->second));
  std::vector<std::string> classes;
  for (const nlohmann::json& name : json) {
    if (!name.is_string()) return InvalidArgumentError("its metadata's classes are no list of names");
    classes.push_back(name.get<std::string>());
  }
  if (classes.empty()) return InvalidArgumentError("its metadata names no classes");
  return classes;
}

}  // namespace

Predictor::Predictor(const api::TrainerSpec& spec, FileSystem& files)
    : spec_(spec), files_(files), pipeline_(TransformFor(spec)) {}

Result<std::unique_ptr<Predictor>> Predictor::Make(const api::TrainerSpec& spec, const std::string& model_file,
                                                   FileSystem& files) {
  std::unique_ptr<Predictor> predictor(new Predictor(spec, files));
  EOA_ASSIGN_OR_RETURN(const std::string bytes, files.ReadFile(model_file, kMaxModelBytes));
  const auto load = [&]() -> Status {
    EOA_ASSIGN_OR_RETURN(const Safetensors file, ParseSafetensors(bytes));
    EOA_ASSIGN_OR_RETURN(predictor->classes_, ClassesOf(file));
    EOA_ASSIGN_OR_RETURN(predictor->model_, MakeModel(spec, static_cast<int>(predictor->classes_.size()), /*seed=*/0));
    FlatWeights weights(predictor->model_->parameters().All());
    weights.Scale(0);
    EOA_RETURN_IF_ERROR(weights.Add(file, 1));
    const at::NoGradGuard no_grad;
    weights.Unpack();
    return OkStatus();
  };
  Status status = load();
  if (!status.ok()) return std::move(status).error().WithContext(model_file);
  // Where the model was trained does not matter here.
  api::DeviceSpec device = spec.device;
  device.kind = api::DeviceKind::kAuto;
  EOA_ASSIGN_OR_RETURN(predictor->device_, UseDevice(device, spec.precision, 0));
  predictor->model_->parameters().MoveTo(predictor->device_);
  return predictor;
}

Result<std::vector<Guess>> Predictor::Predict(const std::string& image_file, int count) {
  EOA_ASSIGN_OR_RETURN(std::string bytes, files_.ReadFile(image_file, kMaxImageFileBytes));
  const SingleImage source(image_file, std::move(bytes));
  const std::int64_t size = spec_.model.image_size;
  std::vector<float> pixels(static_cast<std::size_t>(3 * size * size));
  EOA_RETURN_IF_ERROR(pipeline_.Run(source, 0, nullptr, pixels));
  at::Tensor probabilities;
  EOA_RETURN_IF_ERROR(CatchTorchErrors("predicting", [&] {
    const c10::InferenceMode inference;
    const Autocast autocast(spec_.precision, device_);
    const at::Tensor image =
        at::from_blob(pixels.data(), {1, 3, size, size}, {size * size * 3, 1, size * 3, 3}, at::kFloat).to(device_);
    const at::Tensor logits = model_->Forward(image, {.training = false}).to(at::kFloat);
    probabilities = at::softmax(logits, 1).to(at::kDouble).cpu().squeeze(0);
  }));
  std::vector<Guess> guesses;
  const auto* probability = probabilities.const_data_ptr<double>();
  for (const std::string& name : classes_) guesses.push_back({name, *probability++});
  std::ranges::stable_sort(guesses, std::greater<>(), &Guess::probability);
  guesses.resize(std::min(guesses.size(), static_cast<std::size_t>(count)));
  return guesses;
}

}  // namespace eoa::train
