// Predictor: what a trained model says about images. The image is made ready as for evaluation, by the job's transform.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_pipeline.h"
#include "trainer/model/model.h"

namespace eoa::train {

struct Guess {
  std::string name;  // of a class
  double probability = 0;
};

// Thread-safety: none; one owner.
class Predictor {
 public:
  // `model_file`: model.safetensors of a run with this spec. DataLoss or InvalidArgument says what is wrong with it.
  static Result<std::unique_ptr<Predictor>> Make(const api::TrainerSpec& spec, const std::string& model_file,
                                                 FileSystem& files);

  // The most probable classes of a JPEG or PNG file, at most `count`, the most probable first. Their probabilities are
  // the softmax of the logits. Errors name the file.
  Result<std::vector<Guess>> Predict(const std::string& image_file, int count);

 private:
  Predictor(const api::TrainerSpec& spec, FileSystem& files);

  const api::TrainerSpec spec_;
  FileSystem& files_;
  ImagePipeline pipeline_;
  c10::Device device_ = c10::Device(c10::kCPU);
  std::vector<std::string> classes_;
  std::unique_ptr<Model> model_;
};

}  // namespace eoa::train
