#include "trainer/data/gif_decoder.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace eoa::train {
namespace {

using Colour = std::array<std::uint8_t, 3>;

struct Pass {
  int first;
  int step;
};
constexpr std::array<Pass, 1> kInOrder{{{0, 1}}};
constexpr std::array<Pass, 4> kInterlaced{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};

// A picture's codes (GIF89a, appendix F). Stricter than giflib's own reader, which makes something of every code.
class Lzw {
 public:
  explicit Lzw(int bits) : clear_(1U << bits), start_width_(bits + 1) { Clear(); }

  // Appends what a block of data stands for to `pixels`, up to `count` in all. False for a code that cannot be.
  bool Take(std::span<const std::uint8_t> block, std::size_t count, std::vector<std::uint8_t>& pixels) {
    for (const std::uint8_t byte : block) {
      if (ended_ || pixels.size() >= count) break;
      buffer_ |= static_cast<unsigned>(byte) << held_;
      held_ += 8;
      while (held_ >= width_ && pixels.size() < count && !ended_) {
        const unsigned code = buffer_ & ((1U << width_) - 1);
        buffer_ >>= width_;
        held_ -= width_;
        if (!TakeCode(code, pixels)) return false;
      }
    }
    pixels.resize(std::min(pixels.size(), count));
    return true;
  }

 private:
  static constexpr unsigned kCodes = 4096;

  void Clear() {
    width_ = start_width_;
    next_ = clear_ + 2;
    last_ = kCodes;
  }

  bool TakeCode(unsigned code, std::vector<std::uint8_t>& pixels) {
    if (code == clear_) {
      Clear();
      return true;
    }
    ended_ = code == clear_ + 1;
    if (ended_) return true;
    if (last_ == kCodes ? code >= clear_ : code > next_) return false;
    // The code to come stands for the last one's pixels and the first of this one's.
    if (last_ != kCodes && next_ < kCodes) {
      before_[next_] = static_cast<std::uint16_t>(last_);
      pixel_[next_] = FirstOf(code == next_ ? last_ : code);
      ++next_;
      if (next_ == 1U << width_ && width_ < 12) ++width_;
    }
    const std::size_t begin = pixels.size();
    for (unsigned part = code;; part = before_[part]) {
      pixels.push_back(part < clear_ ? static_cast<std::uint8_t>(part) : pixel_[part]);
      if (part < clear_) break;
    }
    std::reverse(pixels.begin() + static_cast<std::ptrdiff_t>(begin), pixels.end());
    last_ = code;
    return true;
  }

  std::uint8_t FirstOf(unsigned code) const {
    while (code >= clear_) code = before_[code];
    return static_cast<std::uint8_t>(code);
  }

  const unsigned clear_;
  const int start_width_;
  int width_ = 0;
  unsigned next_ = 0;
  unsigned last_ = kCodes;
  unsigned buffer_ = 0;
  int held_ = 0;  // bits in the buffer
  bool ended_ = false;
  std::array<std::uint16_t, kCodes> before_{};
  std::array<std::uint8_t, kCodes> pixel_{};
};

int OnRead(GifFileType* gif, GifByteType* target, int count) {
  auto& rest = *static_cast<std::span<const std::uint8_t>*>(gif->UserData);
  const std::size_t given = std::min(rest.size(), static_cast<std::size_t>(count));
  std::copy_n(rest.begin(), given, target);
  rest = rest.subspan(given);
  return static_cast<int>(given);
}

void Close(GifFileType* gif) { DGifCloseFile(gif, nullptr); }

class GifReader {
 public:
  explicit GifReader(std::span<const std::uint8_t> file)
      : rest_(file), gif_(DGifOpen(&rest_, OnRead, &error_), Close) {}

  // Everything before the first picture's pixels. The canvas grows when the picture is larger, as in Pillow.
  Result<ImageSize> ReadHeader() {
    if (!gif_) return Damaged();
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    while (record != IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetRecordType(gif_.get(), &record) != GIF_OK) return Damaged();
      if (record == TERMINATE_RECORD_TYPE) return DataLossError("a GIF file without a picture");
      if (record == EXTENSION_RECORD_TYPE && !TakeExtension()) return Damaged();
    }
    if (DGifGetImageDesc(gif_.get()) != GIF_OK) return Damaged();
    const GifImageDesc& picture = gif_->Image;
    const ImageSize size{std::max(gif_->SWidth, picture.Left + picture.Width),
                         std::max(gif_->SHeight, picture.Top + picture.Height)};
    EOA_RETURN_IF_ERROR(CheckImageSize(size.width, size.height));
    EOA_RETURN_IF_ERROR(CheckImageSize(picture.Width, picture.Height));
    return size;
  }

  // After ReadHeader(). What the picture leaves free has the transparent colour, or the first one.
  Result<PixelView> ReadPixels(ImageSize size, std::vector<std::uint8_t>& pixels) {
    const std::array<Colour, 256> palette = Palette();
    const Colour& free = palette[transparent_];
    const auto row_bytes = std::size_t{3} * static_cast<std::size_t>(size.width);
    pixels.resize(row_bytes * static_cast<std::size_t>(size.height));
    for (std::size_t i = 0; i < pixels.size(); i += 3) std::ranges::copy(free, &pixels[i]);
    const GifImageDesc& picture = gif_->Image;
    std::vector<std::uint8_t> indexes;
    if (!ReadIndexes(static_cast<std::size_t>(picture.Width) * static_cast<std::size_t>(picture.Height), indexes)) {
      return Damaged();
    }
    auto index = indexes.begin();
    for (const Pass& pass : Passes(picture.Interlace)) {
      for (int y = pass.first; y < picture.Height; y += pass.step) {
        std::uint8_t* target = &pixels[row_bytes * static_cast<std::size_t>(picture.Top + y) +
                                       std::size_t{3} * static_cast<std::size_t>(picture.Left)];
        for (int x = 0; x < picture.Width; ++x) target = std::ranges::copy(palette[*index++], target).out;
      }
    }
    return PixelView{size.width, size.height, pixels};
  }

 private:
  static std::span<const Pass> Passes(bool interlaced) {
    if (interlaced) return kInterlaced;
    return kInOrder;
  }

  bool ReadIndexes(std::size_t count, std::vector<std::uint8_t>& indexes) {
    int bits = 0;
    GifByteType* block = nullptr;  // its length, then that many bytes
    if (DGifGetCode(gif_.get(), &bits, &block) != GIF_OK || bits > 8) return false;
    Lzw lzw(bits);
    while (block != nullptr && indexes.size() < count) {
      if (!lzw.Take({block + 1, block[0]}, count, indexes)) return false;
      if (indexes.size() < count && DGifGetCodeNext(gif_.get(), &block) != GIF_OK) return false;
    }
    return indexes.size() == count;
  }

  bool TakeExtension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_.get(), &code, &block) != GIF_OK) return false;
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] == 4 &&
        DGifExtensionToGCB(4, block + 1, &control) == GIF_OK && control.TransparentColor != NO_TRANSPARENT_COLOR) {
      transparent_ = static_cast<std::size_t>(control.TransparentColor);
    }
    while (block != nullptr) {
      if (DGifGetExtensionNext(gif_.get(), &block) != GIF_OK) return false;
    }
    return true;
  }

  // The picture's own colours, or the file's, or shades of gray.
  std::array<Colour, 256> Palette() const {
    std::array<Colour, 256> palette{};
    const ColorMapObject* colours = gif_->Image.ColorMap != nullptr ? gif_->Image.ColorMap : gif_->SColorMap;
    for (std::size_t i = 0; i < palette.size(); ++i) {
      if (colours == nullptr) palette[i].fill(static_cast<std::uint8_t>(i));
      if (colours == nullptr || i >= static_cast<std::size_t>(colours->ColorCount)) continue;
      palette[i] = {colours->Colors[i].Red, colours->Colors[i].Green, colours->Colors[i].Blue};
    }
    return palette;
  }

  Error Damaged() const {
    const char* const reason = GifErrorString(gif_ ? gif_->Error : error_);
    return DataLossError(std::string("a corrupt or truncated GIF image: ") +
                         (reason != nullptr ? reason : "its data ends too early"));
  }

  std::span<const std::uint8_t> rest_;
  int error_ = 0;
  std::unique_ptr<GifFileType, decltype(&Close)> gif_;
  std::size_t transparent_ = 0;
};

}  // namespace

bool IsGif(std::span<const std::uint8_t> file) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 6));
  return start == "GIF87a" || start == "GIF89a";
}

Result<ImageSize> ReadGifSize(std::span<const std::uint8_t> file) { return GifReader(file).ReadHeader(); }

Result<PixelView> DecodeGif(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels) {
  GifReader reader(file);
  EOA_ASSIGN_OR_RETURN(const ImageSize size, reader.ReadHeader());
  return reader.ReadPixels(size, pixels);
}

}  // namespace eoa::train
