#include "tests/unit/trainer/data/data_fixture.h"

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>  // needs <cstdio>
#include <png.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's
#include <webp/encode.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <utility>

#include "common/base/check.h"
#include "trainer/data/class_names.h"

namespace eoa::train {
namespace {

std::vector<std::int32_t> CyclicLabels(std::uint32_t samples, int classes) {
  std::vector<std::int32_t> labels(samples);
  for (std::uint32_t i = 0; i < samples; ++i) labels[i] = static_cast<std::int32_t>(i) % classes;
  return labels;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "eoa-data-XXXXXX").string();
  EOA_CHECK(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string& name, std::span<const std::uint8_t> bytes) const {
  return Write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string TemporaryDirectory::Write(const std::string& name, std::string_view text) const {
  const std::filesystem::path path = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  EOA_CHECK(file.good(), "writing a test's file");
  return path.string();
}

TestImage Patterned(int width, int height) {
  TestImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        image.rgb.push_back(static_cast<std::uint8_t>(37 * x + 59 * y + 83 * channel + 11 * x * y));
      }
    }
  }
  return image;
}

TestImage Plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  TestImage image{width, height, {}};
  for (int i = 0; i < width * height; ++i) image.rgb.insert(image.rgb.end(), {red, green, blue});
  return image;
}

Bytes EncodeJpeg(const TestImage& image, JpegKind kind) {
  Bytes pixels;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    pixels.push_back(image.rgb[i]);
    if (kind == JpegKind::kGray) continue;
    pixels.push_back(image.rgb[i + 1]);
    pixels.push_back(image.rgb[i + 2]);
    if (kind == JpegKind::kCmyk) pixels.push_back(255);
  }
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* encoded = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's
  jpeg_mem_dest(&encoder, &encoded, &size);
  encoder.image_width = static_cast<JDIMENSION>(image.width);
  encoder.image_height = static_cast<JDIMENSION>(image.height);
  encoder.input_components = kind == JpegKind::kGray ? 1 : kind == JpegKind::kCmyk ? 4 : 3;
  encoder.in_color_space = kind == JpegKind::kGray ? JCS_GRAYSCALE : kind == JpegKind::kCmyk ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&encoder);
  if (kind == JpegKind::kCmyk) jpeg_set_colorspace(&encoder, JCS_YCCK);
  if (kind == JpegKind::kProgressive) jpeg_simple_progression(&encoder);
  jpeg_set_quality(&encoder, 100, TRUE);
  for (int i = 0; i < encoder.num_components; ++i) {
    encoder.comp_info[i].h_samp_factor = encoder.comp_info[i].v_samp_factor = 1;
  }
  jpeg_start_compress(&encoder, TRUE);
  const std::size_t row = pixels.size() / static_cast<std::size_t>(image.height);
  while (encoder.next_scanline < encoder.image_height) {
    JSAMPROW line = pixels.data() + row * encoder.next_scanline;
    jpeg_write_scanlines(&encoder, &line, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  Bytes bytes(encoded, encoded + size);
  std::free(encoded);
  return bytes;
}

Bytes EncodeGrayPng(std::span<const std::uint16_t> row, int bits, double gamma) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Bytes bytes;
  png_set_write_fn(
      png, &bytes,
      [](png_structp writer, png_bytep data, png_size_t size) {
        auto& out = *static_cast<Bytes*>(png_get_io_ptr(writer));
        out.insert(out.end(), data, data + size);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(row.size()), 1, bits, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (gamma > 0) png_set_gAMA(png, info, gamma);
  png_write_info(png, info);
  Bytes samples;
  for (const std::uint16_t value : row) {
    if (bits == 16) samples.push_back(static_cast<std::uint8_t>(value >> 8));
    samples.push_back(static_cast<std::uint8_t>(value));
  }
  png_write_row(png, samples.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

Bytes EncodeWebp(const TestImage& image) {
  std::uint8_t* encoded = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGB(image.rgb.data(), image.width, image.height, 3 * image.width, &encoded);
  EOA_CHECK(size > 0, "encoding a WebP file");
  Bytes bytes(encoded, encoded + size);
  WebPFree(encoded);
  return bytes;
}

Bytes EncodePng(const TestImage& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  Bytes bytes(image.rgb.size() * 2 + 4096);
  png_alloc_size_t size = bytes.size();
  EOA_CHECK(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) != 0, png.message);
  bytes.resize(size);
  return bytes;
}

Bytes TarMember(const std::string& name, std::string_view data, char type) {
  Bytes member(512);
  const auto put = [&](std::size_t at, std::string_view text) {
    std::ranges::copy(text, member.begin() + static_cast<std::ptrdiff_t>(at));
  };
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", data.size());
  put(0, std::string_view(name).substr(0, 100));
  put(124, size);
  put(148, "        ");
  member[156] = static_cast<std::uint8_t>(type);
  put(257, std::string_view("ustar\00000", 8));
  char checksum[8];
  std::snprintf(checksum, sizeof checksum, "%06o", std::accumulate(member.begin(), member.end(), 0U));
  put(148, {checksum, 7});
  member.insert(member.end(), data.begin(), data.end());
  member.resize((member.size() + 511) / 512 * 512);
  return member;
}

Bytes TarArchive(const std::vector<Bytes>& members) {
  Bytes archive;
  for (const Bytes& member : members) archive.insert(archive.end(), member.begin(), member.end());
  archive.resize(archive.size() + 1024);
  return archive;
}

FakeSource::FakeSource(std::uint32_t samples, int classes, TestImage image, OnRead on_read)
    : DataSource(CyclicLabels(samples, classes), NumberedClasses(classes)),
      image_(std::move(image)),
      on_read_(std::move(on_read)) {}

Result<RecordView> FakeSource::Read(std::uint32_t sample, std::vector<std::uint8_t>& /*scratch*/) const {
  if (on_read_) EOA_RETURN_IF_ERROR(on_read_(sample));
  return RecordView(image_.view());
}

std::vector<std::uint32_t> FirstSamples(std::uint32_t count) {
  std::vector<std::uint32_t> samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

}  // namespace eoa::train
