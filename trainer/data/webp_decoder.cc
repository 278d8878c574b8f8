#include "trainer/data/webp_decoder.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace eoa::train {
namespace {

Error Damaged() { return DataLossError("a corrupt or truncated WebP image"); }

// The canvas of an animation is drawn; that of a single picture is the picture.
Result<PixelView> FirstFrame(std::span<const std::uint8_t> file, ImageSize size, std::vector<std::uint8_t>& pixels) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) return InternalError("another version of libwebp than built with");
  options.color_mode = MODE_RGBA;
  const WebPData data{file.data(), file.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, &options),
                                                                                   WebPAnimDecoderDelete);
  std::uint8_t* canvas = nullptr;
  int timestamp = 0;
  WebPAnimInfo info;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0 ||
      std::cmp_not_equal(info.canvas_width, size.width) || std::cmp_not_equal(info.canvas_height, size.height) ||
      WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp) == 0) {
    return Damaged();
  }
  const std::size_t count = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  pixels.resize(3 * count);
  for (std::size_t i = 0; i < count; ++i) std::copy_n(canvas + 4 * i, 3, &pixels[3 * i]);
  return PixelView{size.width, size.height, pixels};
}

}  // namespace

bool IsWebp(std::span<const std::uint8_t> file) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 12));
  return start.starts_with("RIFF") && start.ends_with("WEBP") && start.size() == 12;
}

Result<ImageSize> ReadWebpSize(std::span<const std::uint8_t> file) {
  int width = 0;
  int height = 0;
  if (WebPGetInfo(file.data(), file.size(), &width, &height) == 0) return Damaged();
  EOA_RETURN_IF_ERROR(CheckImageSize(width, height));
  return ImageSize{width, height};
}

Result<PixelView> DecodeWebp(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels) {
  EOA_ASSIGN_OR_RETURN(const ImageSize size, ReadWebpSize(file));
  return FirstFrame(file, size, pixels);
}

}  // namespace eoa::train
