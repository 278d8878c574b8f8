#include "tests/unit/trainer/data/data_fixture.h"

#include <png.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's
#include <turbojpeg.h>

#include <algorithm>
#include <cstdio>
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
  const int format = kind == JpegKind::kGray ? TJPF_GRAY : kind == JpegKind::kCmyk ? TJPF_CMYK : TJPF_RGB;
  const tjhandle encoder = tjInitCompress();
  unsigned char* encoded = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): TurboJPEG's
  const int failed = tjCompress2(encoder, pixels.data(), image.width, 0, image.height, format, &encoded, &size,
                                 kind == JpegKind::kGray ? TJSAMP_GRAY : TJSAMP_444, 100, 0);
  EOA_CHECK(failed == 0, tjGetErrorStr2(encoder));
  Bytes bytes(encoded, encoded + size);
  tjFree(encoded);
  tjDestroy(encoder);
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
