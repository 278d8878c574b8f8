#include "trainer/data/memory_source.h"

#include <utility>

#include "common/base/check.h"

namespace eoa::train {
namespace {

std::uint64_t Bytes(ImageSize size) {
  return std::uint64_t{3} * static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height);
}

// Appends the sample's pixels. False when they would go beyond `limit`.
Result<bool> Append(const DataSource& source, std::uint32_t sample, std::uint64_t limit, ImageDecoder& decoder,
                    std::vector<std::uint8_t>& scratch, DecodedImages& images) {
  EOA_ASSIGN_OR_RETURN(const RecordView record, source.Read(sample, scratch));
  PixelView pixels;
  if (const auto* encoded = std::get_if<EncodedView>(&record)) {
    EOA_ASSIGN_OR_RETURN(const ImageSize size, decoder.ReadSize(encoded->bytes));
    if (Bytes(size) > limit - images.rgb.size()) return false;
    EOA_ASSIGN_OR_RETURN(pixels, decoder.Decode(encoded->bytes, 1));
  } else {
    pixels = std::get<PixelView>(record);
    if (pixels.rgb.size() > limit - images.rgb.size()) return false;
  }
  images.sizes.push_back({pixels.width, pixels.height});
  images.rgb.insert(images.rgb.end(), pixels.rgb.begin(), pixels.rgb.end());
  return true;
}

}  // namespace

MemorySource::MemorySource(DecodedImages images, std::vector<std::int32_t> labels, std::vector<std::string> class_names,
                           std::string origin, LeftOut left_out)
    : DataSource(std::move(labels), std::move(class_names), std::move(left_out)),
      images_(std::move(images)),
      origin_(std::move(origin)) {
  EOA_CHECK(images_.sizes.size() == size(), "an image for each label");
  std::uint64_t offset = 0;
  for (const ImageSize& image : images_.sizes) {
    offsets_.push_back(offset);
    offset += Bytes(image);
  }
  EOA_CHECK(images_.rgb.size() == offset, "the pixels of all images");
}

Result<RecordView> MemorySource::Read(std::uint32_t sample, std::vector<std::uint8_t>& /*scratch*/) const {
  const ImageSize image = images_.sizes[sample];
  return RecordView(
      PixelView{image.width, image.height, std::span(images_.rgb).subspan(offsets_[sample], Bytes(image))});
}

std::string MemorySource::Describe(std::uint32_t sample) const {
  return origin_ + ": sample " + std::to_string(sample);
}

Result<std::unique_ptr<DataSource>> HoldInMemory(std::unique_ptr<DataSource> source, std::uint64_t limit,
                                                 std::string origin) {
  ImageDecoder decoder;
  DecodedImages images;
  std::vector<std::uint8_t> scratch;
  for (std::uint32_t sample = 0; sample < source->size(); ++sample) {
    auto fits = Append(*source, sample, limit, decoder, scratch, images);
    if (!fits.ok()) return std::move(fits).error().WithContext(source->Describe(sample));
    if (!*fits) return source;
  }
  images.rgb.shrink_to_fit();
  std::vector<std::int32_t> labels(source->labels().begin(), source->labels().end());
  return std::unique_ptr<DataSource>(std::make_unique<MemorySource>(
      std::move(images), std::move(labels), source->class_names(), std::move(origin), source->left_out()));
}

}  // namespace eoa::train
