#include "trainer/data/image_decoder.h"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/check.h"

namespace eoa::train {
namespace {

bool IsPng(std::span<const std::uint8_t> file) {
  constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return file.size() >= kSignature.size() && std::equal(kSignature.begin(), kSignature.end(), file.begin());
}

Status CheckSize(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) return DataLossError("an image without pixels");
  if (width > kMaxPixels || height > kMaxPixels || width * height > kMaxPixels) {
    return ResourceExhaustedError("the image has " + std::to_string(width) + " x " + std::to_string(height) +
                                  " pixels; at most " + std::to_string(kMaxPixels) + " in all are read");
  }
  return OkStatus();
}

// libpng's simplified reader; freed on every way out.
struct PngReader {
  png_image image{};
  PngReader() { image.version = PNG_IMAGE_VERSION; }
  ~PngReader() { png_image_free(&image); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Status Begin(std::span<const std::uint8_t> file) {
    if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) {
      return DataLossError(std::string("a broken PNG image: ") + image.message);
    }
    return CheckSize(image.width, image.height);
  }
};

tjhandle NewJpegDecoder() {
  tjhandle decoder = tjInitDecompress();
  EOA_CHECK(decoder != nullptr, "no memory for a JPEG decoder");
  return decoder;
}

// The Adobe convention, which all CMYK JPEGs in use follow, stores 255 for no ink.
void CmykToRgb(std::span<const std::uint8_t> cmyk, std::span<std::uint8_t> rgb) {
  for (std::size_t i = 0, count = rgb.size() / 3; i < count; ++i) {
    const unsigned black = cmyk[4 * i + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      rgb[3 * i + channel] = static_cast<std::uint8_t>((cmyk[4 * i + channel] * black + 127) / 255);
    }
  }
}

}  // namespace

ImageDecoder::ImageDecoder() : jpeg_(NewJpegDecoder()) {}

ImageDecoder::~ImageDecoder() { tjDestroy(jpeg_); }

Result<ImageSize> ImageDecoder::ReadSize(std::span<const std::uint8_t> file) {
  if (IsPng(file)) {
    PngReader png;
    EOA_RETURN_IF_ERROR(png.Begin(file));
    return ImageSize{static_cast<int>(png.image.width), static_cast<int>(png.image.height)};
  }
  EOA_ASSIGN_OR_RETURN(const JpegHeader header, ReadJpegHeader(file));
  return header.size;
}

Result<PixelView> ImageDecoder::Decode(std::span<const std::uint8_t> file, int shrink) {
  return IsPng(file) ? DecodePng(file) : DecodeJpeg(file, shrink);
}

Result<ImageDecoder::JpegHeader> ImageDecoder::ReadJpegHeader(std::span<const std::uint8_t> file) {
  JpegHeader header;
  int subsampling = 0;
  if (tjDecompressHeader3(jpeg_, file.data(), file.size(), &header.size.width, &header.size.height, &subsampling,
                          &header.colour_space) != 0) {
    std::string reason = tjGetErrorStr2(jpeg_);
    // libjpeg-turbo 2 leaves its state in the middle of the header: the next file would be refused too.
    tjDestroy(jpeg_);
    jpeg_ = NewJpegDecoder();
    return DataLossError("expected a JPEG or PNG image: " + std::move(reason));
  }
  EOA_RETURN_IF_ERROR(CheckSize(header.size.width, header.size.height));
  return header;
}

Result<PixelView> ImageDecoder::DecodeJpeg(std::span<const std::uint8_t> file, int shrink) {
  EOA_ASSIGN_OR_RETURN(const JpegHeader header, ReadJpegHeader(file));
  const int width = (header.size.width + shrink - 1) / shrink;
  const int height = (header.size.height + shrink - 1) / shrink;
  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const bool cmyk = header.colour_space == TJCS_CMYK || header.colour_space == TJCS_YCCK;
  pixels_.resize(3 * count);
  if (cmyk) four_channels_.resize(4 * count);
  std::uint8_t* const target = cmyk ? four_channels_.data() : pixels_.data();
  // LIMITSCANS: a progressive image of a few bytes could otherwise keep the decoder busy for minutes.
  if (tjDecompress2(jpeg_, file.data(), file.size(), target, width, 0, height, cmyk ? TJPF_CMYK : TJPF_RGB,
                    TJFLAG_LIMITSCANS) != 0) {
    const std::string_view reason = tjGetErrorStr2(jpeg_);
    const bool harmless = tjGetErrorCode(jpeg_) == TJERR_WARNING && reason.find("extraneous bytes") != reason.npos;
    if (!harmless) return DataLossError("a corrupt or truncated JPEG image: " + std::string(reason));
  }
  if (cmyk) CmykToRgb(four_channels_, pixels_);
  return PixelView{width, height, pixels_};
}

Result<PixelView> ImageDecoder::DecodePng(std::span<const std::uint8_t> file) {
  PngReader png;
  EOA_RETURN_IF_ERROR(png.Begin(file));
  const std::size_t count = std::size_t{png.image.width} * png.image.height;
  // Without an alpha channel in the output libpng would blend with a background.
  png.image.format = PNG_FORMAT_RGBA;
  four_channels_.resize(4 * count);
  if (png_image_finish_read(&png.image, nullptr, four_channels_.data(), 0, nullptr) == 0) {
    return DataLossError(std::string("a corrupt or truncated PNG image: ") + png.image.message);
  }
  pixels_.resize(3 * count);
  for (std::size_t i = 0; i < count; ++i) std::copy_n(&four_channels_[4 * i], 3, &pixels_[3 * i]);
  return PixelView{static_cast<int>(png.image.width), static_cast<int>(png.image.height), pixels_};
}

}  // namespace eoa::train
