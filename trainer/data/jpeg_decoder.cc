#include "trainer/data/jpeg_decoder.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>
// After the other, which it needs.
#include <jerror.h>

#include <algorithm>
#include <array>
#include <string>

#include "trainer/data/jpeg_scans.h"

namespace eoa::train {

struct JpegState {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  bool in_scans = false;     // the header is read
  bool superfluous = false;  // bytes were left over after a scan
  std::array<char, JMSG_LENGTH_MAX> message{};
};

namespace {

// A progressive image of a few bytes could otherwise keep the decoder busy for minutes.
constexpr int kMaxScans = 500;

JpegState& StateOf(j_common_ptr info) { return *static_cast<JpegState*>(info->client_data); }

[[noreturn]] void Escape(j_common_ptr info) {
  JpegState& state = StateOf(info);
  info->err->format_message(info, state.message.data());
  std::longjmp(state.escape, 1);
}

void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;  // no warning
  switch (info->err->msg_code) {
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
      return;
    case JWRN_EXTRANEOUS_DATA: {
      JpegState& state = StateOf(info);
      if (state.in_scans && !state.superfluous) info->err->format_message(info, state.message.data());
      state.superfluous = state.in_scans;
      return;
    }
    default:
      Escape(info);
  }
}

void OnProgress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  JpegState& state = StateOf(info);
  std::snprintf(state.message.data(), state.message.size(), "more than %d scans", kMaxScans);
  std::longjmp(state.escape, 1);
}

// libjpeg would take tables that a damaged file lacks from the image before, so each begins anew.
void Begin(JpegState& state) {
  jpeg_decompress_struct& info = state.info;
  jpeg_destroy_decompress(&info);
  info.err = jpeg_std_error(&state.errors);
  jpeg_create_decompress(&info);
  state.errors.error_exit = Escape;
  state.errors.emit_message = OnMessage;
  state.progress.progress_monitor = OnProgress;
  info.progress = &state.progress;
  info.client_data = &state;
  state.in_scans = state.superfluous = false;
}

// libjpeg leaves the next two functions by longjmp: nothing in them may need a destructor.

bool ReadHeader(JpegState& state, const std::uint8_t* bytes, std::size_t size) {
  if (setjmp(state.escape) != 0) return false;
  jpeg_mem_src(&state.info, bytes, size);
  return jpeg_read_header(&state.info, TRUE) == JPEG_HEADER_OK;
}

bool ReadRows(JpegState& state, std::uint8_t** rows) {
  if (setjmp(state.escape) != 0) return false;
  jpeg_start_decompress(&state.info);
  while (state.info.output_scanline < state.info.output_height) {
    const JDIMENSION done = state.info.output_scanline;
    jpeg_read_scanlines(&state.info, rows + done, state.info.output_height - done);
  }
  jpeg_finish_decompress(&state.info);
  return true;
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

JpegDecoder::JpegDecoder() : state_(std::make_unique<JpegState>()) {}

JpegDecoder::~JpegDecoder() { jpeg_destroy_decompress(&state_->info); }

// As Pillow: the byte of the next marker belongs to it.
bool JpegDecoder::Knows(std::span<const std::uint8_t> file) {
  constexpr std::array<std::uint8_t, 3> kStart{0xFF, 0xD8, 0xFF};
  return file.size() >= kStart.size() && std::equal(kStart.begin(), kStart.end(), file.begin());
}

Result<ImageSize> JpegDecoder::ReadSize(std::span<const std::uint8_t> file) {
  JpegState& state = *state_;
  Begin(state);
  if (!ReadHeader(state, file.data(), file.size())) {
    return DataLossError(std::string("a corrupt or truncated JPEG image: ") + state.message.data());
  }
  state.in_scans = true;
  const int components = state.info.num_components;
  if (components != 1 && components != 3 && components != 4) {
    return DataLossError("a JPEG image with " + std::to_string(components) +
                         " colour components; gray, RGB and CMYK have 1, 3 and 4");
  }
  EOA_RETURN_IF_ERROR(CheckImageSize(state.info.image_width, state.info.image_height));
  return ImageSize{static_cast<int>(state.info.image_width), static_cast<int>(state.info.image_height)};
}

Result<PixelView> JpegDecoder::Decode(std::span<const std::uint8_t> file, int shrink,
                                      std::vector<std::uint8_t>& pixels) {
  EOA_RETURN_IF_ERROR(ReadSize(file));
  JpegState& state = *state_;
  const bool cmyk = state.info.num_components == 4;
  state.info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  state.info.scale_num = 1;
  state.info.scale_denom = static_cast<unsigned>(shrink);
  const std::size_t width = (state.info.image_width + state.info.scale_denom - 1) / state.info.scale_denom;
  const std::size_t height = (state.info.image_height + state.info.scale_denom - 1) / state.info.scale_denom;
  pixels.resize(3 * width * height);
  if (cmyk) cmyk_.resize(4 * width * height);
  std::uint8_t* row = cmyk ? cmyk_.data() : pixels.data();
  rows_.resize(height);
  for (std::uint8_t*& start : rows_) {
    start = row;
    row += (cmyk ? 4 : 3) * width;
  }
  if (!ReadRows(state, rows_.data()) || (state.superfluous && !JpegScansAreWhole(file))) {
    return DataLossError(std::string("a corrupt or truncated JPEG image: ") + state.message.data());
  }
  if (cmyk) CmykToRgb(cmyk_, pixels);
  return PixelView{static_cast<int>(width), static_cast<int>(height), pixels};
}

}  // namespace eoa::train
