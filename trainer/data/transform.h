// What happens to an image between the file and the network: which steps, and with which constants.
//
//   augmentation   training                                             evaluation
//   none           fit                                                  fit
//   cifar          fit, crop after padding 4 zeros, flip                fit
//   cifar-cutout   cifar, then with p = 0.5 a 16 x 16 square of zeros   fit
//   imagenet       random resized crop (0.08 to 1), flip                shorter side to size * 256/224, centre crop
//   vit            random resized crop (0.05 to 1)                      resize to size x size
//   vit-flip       vit, then flip                                       as vit
//
// "fit": the shorter side is resized to the size, then the centre is cut out; nothing is done to an image that has the
// size already. All end by normalising: (value / 255 - mean) / standard deviation. Padding comes before normalising
// (black), cutout after it (zero is the mean colour). Cutout follows davda54/sam (the square's corner is uniform in
// [-8, size - 8), so it may hang over the edge), the random resized crop torchvision's RandomResizedCrop.
#pragma once

#include <array>

#include <nlohmann/json.hpp>

#include "common/job/job.h"

namespace eoa::train {

// Of pixel values in [0, 1]; R, G, B.
struct Normalization {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

inline constexpr Normalization kCifar10Normalization{{0.4914F, 0.4822F, 0.4465F}, {0.2470F, 0.2435F, 0.2616F}};
inline constexpr Normalization kCifar100Normalization{{0.5071F, 0.4865F, 0.4409F}, {0.2673F, 0.2564F, 0.2762F}};
inline constexpr Normalization kImageNetNormalization{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
inline constexpr Normalization kHalfNormalization{{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};

// What each byte of each channel becomes: (value / 255 - mean) / deviation.
using ValueTable = std::array<std::array<float, 256>, 3>;
ValueTable TableOf(const Normalization& normalization);

struct Transform {
  int image_size = 32;  // pixels, square
  api::Augmentation augmentation = api::Augmentation::kNone;
  Normalization normalization = kCifar10Normalization;
};

// Whether images that have the network's size already keep their pixels, but for what Placement says.
bool KeepsPixels(const Transform& transform);

// What is done to an image that is not trained on, for other programs; the "preprocessing" of model.safetensors:
//   {"resize": "shorter side" | "both sides", "resizeTo": pixels, "crop": pixels, "mean": [R, G, B], "deviation": [...]}
// The resized image's centre is cut out; bilinear, antialiased.
nlohmann::ordered_json PreprocessingJson(const Transform& transform);

// The job's transform. Constants: vit and vit-flip have 0.5; CIFAR-10 and CIFAR-100 files have their training sets'
// own; image folders and WebDatasets CIFAR-10's with a cifar augmentation, otherwise ImageNet's.
Transform TransformFor(const api::TrainerSpec& trainer);

}  // namespace eoa::train
