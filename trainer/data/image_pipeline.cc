#include "trainer/data/image_pipeline.h"

#include <algorithm>
#include <variant>

#include "trainer/data/geometry.h"

namespace eoa::train {
namespace {

using api::Augmentation;

// The part of an image of this size that fills the network's input.
Box BoxOf(Augmentation augmentation, ImageSize size, Random* augment) {
  switch (augmentation) {
    case Augmentation::kImageNet:
      if (augment == nullptr) return CentreSquare(size.width, size.height, 224.0 / 256.0);
      return RandomResizedCrop(*augment, size.width, size.height, 0.08);
    case Augmentation::kVit:
    case Augmentation::kVitFlip:
      if (augment == nullptr) return {0, 0, static_cast<double>(size.width), static_cast<double>(size.height)};
      return RandomResizedCrop(*augment, size.width, size.height, 0.05);
    case Augmentation::kNone:
    case Augmentation::kCifar:
    case Augmentation::kCifarCutout:
      break;
  }
  return CentreSquare(size.width, size.height, 1.0);
}

// How far a JPEG may be shrunk while it is decoded and still give a target pixel at least one source pixel.
int ShrinkFor(const Box& box, int size) {
  int shrink = 1;
  while (shrink < 8 && box.width >= 2 * shrink * size && box.height >= 2 * shrink * size) shrink *= 2;
  return shrink;
}

// The box in the pixels of an image that was decoded at 1/shrink of its size. (Its last column may stand for less than
// `shrink` columns, so the ratio of the widths would be a little off.)
Box Shrunk(const Box& box, int shrink) {
  return {box.left / shrink, box.top / shrink, box.width / shrink, box.height / shrink};
}

std::ptrdiff_t RowOffset(int row, int size) { return std::ptrdiff_t{3} * row * size; }

bool IsWhole(const Box& box, PixelView image, int size) {
  return image.width == size && image.height == size && box.width == size && box.height == size;
}

}  // namespace

ImagePipeline::ImagePipeline(const Transform& transform)
    : transform_(transform), normalized_(TableOf(transform.normalization)) {}

Status ImagePipeline::Run(const DataSource& source, std::uint32_t sample, Random* augment, std::span<float> out) {
  auto record = source.Read(sample, scratch_);
  if (!record.ok()) return std::move(record).error().WithContext(source.Describe(sample));
  auto image = SquareOf(*record, augment);
  if (!image.ok()) return std::move(image).error().WithContext(source.Describe(sample));
  Finish(*image, augment, out);
  return OkStatus();
}

Result<PixelView> ImagePipeline::SquareOf(const RecordView& record, Random* augment) {
  const int size = transform_.image_size;
  if (const auto* pixels = std::get_if<PixelView>(&record)) {
    const Box box = BoxOf(transform_.augmentation, {pixels->width, pixels->height}, augment);
    return IsWhole(box, *pixels, size) ? *pixels : resampler_.Resize(*pixels, box, size);
  }
  const auto file = std::get<EncodedView>(record).bytes;
  EOA_ASSIGN_OR_RETURN(const ImageSize full, decoder_.ReadSize(file));
  const Box box = BoxOf(transform_.augmentation, full, augment);
  const int shrink = ShrinkFor(box, size);
  EOA_ASSIGN_OR_RETURN(const PixelView pixels, decoder_.Decode(file, shrink));
  const bool shrunk = pixels.width != full.width || pixels.height != full.height;
  const Box scaled = Shrunk(box, shrunk ? shrink : 1);
  return IsWhole(scaled, pixels, size) ? pixels : resampler_.Resize(pixels, scaled, size);
}

void ImagePipeline::Finish(PixelView image, Random* augment, std::span<float> out) const {
  const Placement placement = augment == nullptr ? Placement{} : DrawPlacement(transform_, *augment);
  Normalize(image, placement, out);
  for (int y = placement.hole.top; y < placement.hole.bottom; ++y) {
    float* const row = out.data() + RowOffset(y, transform_.image_size);
    std::fill(row + std::ptrdiff_t{3} * placement.hole.left, row + std::ptrdiff_t{3} * placement.hole.right, 0.0F);
  }
}

void ImagePipeline::Normalize(PixelView image, const Placement& placement, std::span<float> out) const {
  const int size = transform_.image_size;
  const float* const red = normalized_[0].data();
  const float* const green = normalized_[1].data();
  const float* const blue = normalized_[2].data();
  // Columns [begin, end) of the crop lie within the image, the others in its padding.
  const int begin = std::max(0, -placement.right);
  const int end = std::min(size, size - placement.right);
  const std::ptrdiff_t step = placement.flip ? -3 : 3;
  for (int y = 0; y < size; ++y) {
    // Walks the crop from left to right, and the output from right to left when it is flipped.
    float* target = out.data() + RowOffset(y, size) + (placement.flip ? RowOffset(1, size) - 3 : 0);
    const auto pad = [&](int count) {
      for (int i = 0; i < count; ++i, target += step) {
        target[0] = red[0];
        target[1] = green[0];
        target[2] = blue[0];
      }
    };
    const int source_y = y + placement.down;
    if (source_y < 0 || source_y >= size) {
      pad(size);
      continue;
    }
    pad(begin);
    const std::uint8_t* pixel =
        image.rgb.data() + RowOffset(source_y, size) + std::ptrdiff_t{3} * (begin + placement.right);
    for (int x = begin; x < end; ++x, pixel += 3, target += step) {
      target[0] = red[pixel[0]];
      target[1] = green[pixel[1]];
      target[2] = blue[pixel[2]];
    }
    pad(size - end);
  }
}

}  // namespace eoa::train
