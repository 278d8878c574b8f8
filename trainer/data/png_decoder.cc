#include "trainer/data/png_decoder.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csetjmp>
#include <string>
#include <string_view>

namespace eoa::train {
namespace {

constexpr png_uint_32 kAnySide = 0x7FFFFFFF;  // CheckImageSize has the bound

class PngReader {
 public:
  explicit PngReader(std::span<const std::uint8_t> file) : rest_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, OnError, OnWarning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Result<ImageSize> ReadHeader() {
    if (info_ == nullptr) return ResourceExhaustedError("no memory for a PNG decoder");
    if (!Header()) return Damaged();
    const png_uint_32 width = png_get_image_width(png_, info_);
    const png_uint_32 height = png_get_image_height(png_, info_);
    EOA_RETURN_IF_ERROR(CheckImageSize(width, height));
    return ImageSize{static_cast<int>(width), static_cast<int>(height)};
  }

  // After ReadHeader().
  Result<PixelView> ReadPixels(ImageSize size, std::vector<std::uint8_t>& pixels) {
    const std::size_t row = std::size_t{3} * static_cast<std::size_t>(size.width);
    pixels.resize(row * static_cast<std::size_t>(size.height));
    std::vector<png_bytep> rows(static_cast<std::size_t>(size.height));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.data() + row * y;
    if (!Pixels(row, rows.data())) return Damaged();
    if (!TailIsWhole(rest_)) return DataLossError("a truncated PNG image: its last chunk is cut");
    return PixelView{size.width, size.height, pixels};
  }

 private:
  static PngReader& Of(void* reader) { return *static_cast<PngReader*>(reader); }

  static void OnError(png_structp png, png_const_charp message) {
    auto& text = Of(png_get_error_ptr(png)).message_;
    std::copy_n(message, std::min(std::char_traits<char>::length(message), text.size() - 1), text.begin());
    png_longjmp(png, 1);
  }

  static void OnWarning(png_structp /*png*/, png_const_charp /*message*/) {}

  static void OnRead(png_structp png, png_bytep target, png_size_t count) {
    PngReader& reader = Of(png_get_io_ptr(png));
    if (count > reader.rest_.size()) png_error(png, "the file ends too early");
    std::copy_n(reader.rest_.begin(), count, target);
    reader.rest_ = reader.rest_.subspan(count);
  }

  // Chunks that nobody knows are passed over, whatever their names claim.
  static int OnUnknownChunk(png_structp /*png*/, png_unknown_chunkp /*chunk*/) { return 1; }

  // Whether no chunk after the pixels is cut. As in Pillow a file may end without its last one.
  static bool TailIsWhole(std::span<const std::uint8_t> tail) {
    constexpr std::size_t kHeader = 8;  // length and kind
    constexpr std::size_t kChecksum = 4;
    while (tail.size() >= kHeader) {
      const std::size_t length = png_get_uint_32(tail.data());
      const std::string_view kind(reinterpret_cast<const char*>(tail.data()) + 4, 4);
      const bool letters =
          std::ranges::all_of(kind, [](char c) { return std::isalpha(static_cast<unsigned char>(c)); });
      if (kind == "IEND" || !letters) return true;
      tail = tail.subspan(kHeader);
      if (length > tail.size()) return false;
      tail = tail.subspan(std::min(length + kChecksum, tail.size()));
    }
    return true;
  }

  // libpng leaves the next two functions by longjmp: nothing in them may need a destructor.

  bool Header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, OnRead);
    png_set_read_user_chunk_fn(png_, this, OnUnknownChunk);
    png_set_user_limits(png_, kAnySide, kAnySide);
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png_, info_);
    return true;
  }

  bool Pixels(std::size_t row, png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != row) png_error(png_, "rows of another length than the header's");
    png_read_image(png_, rows);
    return true;
  }

  Error Damaged() const { return DataLossError(std::string("a corrupt or truncated PNG image: ") + message_.data()); }

  std::span<const std::uint8_t> rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::array<char, 256> message_{};
};

}  // namespace

bool IsPng(std::span<const std::uint8_t> file) {
  constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return file.size() >= kSignature.size() && std::equal(kSignature.begin(), kSignature.end(), file.begin());
}

Result<ImageSize> ReadPngSize(std::span<const std::uint8_t> file) { return PngReader(file).ReadHeader(); }

Result<PixelView> DecodePng(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels) {
  PngReader reader(file);
  EOA_ASSIGN_OR_RETURN(const ImageSize size, reader.ReadHeader());
  return reader.ReadPixels(size, pixels);
}

}  // namespace eoa::train
