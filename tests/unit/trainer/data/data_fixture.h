// Small data sets for tests: images, archives and folders made on the spot.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/data_source.h"

namespace eoa::train {

using Bytes = std::vector<std::uint8_t>;

// A directory that goes away with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

  // Writes a file, and the folders it is in, and returns its path.
  std::string Write(const std::string& name, std::span<const std::uint8_t> bytes) const;
  std::string Write(const std::string& name, std::string_view text) const;

 private:
  std::string path_;
};

struct TestImage {
  int width = 0;
  int height = 0;
  Bytes rgb;
  PixelView view() const { return {width, height, rgb}; }
};

// Each pixel's channels differ from each other and from those of its neighbours.
TestImage Patterned(int width, int height);

// One colour.
TestImage Plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue);

enum class JpegKind { kRgb, kGray, kCmyk, kProgressive };

// At quality 100 without chroma subsampling, so that pixels survive within a few units. kGray takes the red channel;
// kCmyk stores the colours inverted, as Adobe does, with full black.
Bytes EncodeJpeg(const TestImage& image, JpegKind kind = JpegKind::kRgb);
Bytes EncodePng(const TestImage& image);
Bytes EncodeWebp(const TestImage& image);

// One row of gray values of 8 or 16 bits; with a gAMA chunk when `gamma` is not 0.
Bytes EncodeGrayPng(std::span<const std::uint16_t> row, int bits, double gamma);

// A ustar member: its header and its padded data. `type` is tar's type flag.
Bytes TarMember(const std::string& name, std::string_view data, char type = '0');

// Members and the end of the archive.
Bytes TarArchive(const std::vector<Bytes>& members);

inline std::string_view AsText(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A source in memory whose sample i is `image` with label i % classes; reading one calls `on_read` first, which may
// fail.
class FakeSource final : public DataSource {
 public:
  using OnRead = std::function<Status(std::uint32_t)>;
  FakeSource(std::uint32_t samples, int classes, TestImage image, OnRead on_read = nullptr);

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override;
  std::string Describe(std::uint32_t sample) const override { return "fake sample " + std::to_string(sample); }

 private:
  TestImage image_;
  OnRead on_read_;
};

// 0, 1, ... count - 1.
std::vector<std::uint32_t> FirstSamples(std::uint32_t count);

}  // namespace eoa::train
