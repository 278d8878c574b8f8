#include "trainer/data/jpeg_scans.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <vector>

#include "trainer/data/jpeg_bits.h"

namespace eoa::train {
namespace {

constexpr int kBlock = 64;  // coefficients
constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kTables = 0xC4;
constexpr std::uint8_t kQuantization = 0xDB;
constexpr std::uint8_t kRestartInterval = 0xDD;
constexpr std::uint8_t kFirstRestart = 0xD0;
constexpr std::size_t kMostBetween = 16;  // superfluous bytes and a marker within a scan
constexpr int kMostBrightness = 1024;     // of a block's mean, times eight

struct Component {
  int id = 0;
  int horizontal = 1;
  int vertical = 1;
  int quantization = 0;
  int blocks_wide = 0;  // of its own pixels
  int blocks_high = 0;
  int stride = 0;                      // blocks in a row of `known`
  std::vector<std::uint64_t> known{};  // by block: the coefficients that are not zero, for progressive refinement
  const HuffmanCode* dc = nullptr;
  const HuffmanCode* ac = nullptr;
  int brightness = 0;  // of the block before
};

struct Scan {
  std::vector<Component*> components;
  int first = 0;
  int last = kBlock - 1;
  int high = 0;  // bits that an earlier scan has brought, 0 for the first
  int low = 0;
};

class Walk {
 public:
  explicit Walk(std::span<const std::uint8_t> file) : file_(file) {}

  bool Run() {
    at_ = 2;
    while (const std::optional<std::uint8_t> marker = NextMarker()) {
      if (*marker == kEndOfImage) return scans_ > 0;
      const std::span<const std::uint8_t> segment = NextSegment();
      if (segment.empty() || !Take(*marker, segment)) return false;
    }
    return false;
  }

 private:
  // Passes superfluous bytes.
  std::optional<std::uint8_t> NextMarker() {
    for (; at_ + 1 < file_.size(); ++at_) {
      if (file_[at_] != 0xFF || file_[at_ + 1] == 0 || file_[at_ + 1] == 0xFF) continue;
      at_ += 2;
      return file_[at_ - 1];
    }
    return std::nullopt;
  }

  // What a marker's length covers, without the length.
  std::span<const std::uint8_t> NextSegment() {
    if (file_.size() - at_ < 2) return {};
    const std::size_t length = std::size_t{file_[at_]} << 8 | file_[at_ + 1];
    if (length <= 2 || length > file_.size() - at_) return {};
    at_ += length;
    return file_.subspan(at_ - length + 2, length - 2);
  }

  bool Take(std::uint8_t marker, std::span<const std::uint8_t> segment) {
    if (marker == 0xC0 || marker == 0xC1 || marker == 0xC2) return TakeFrame(segment, marker == 0xC2);
    if (marker == kTables) return TakeTables(segment);
    if (marker == kQuantization) return TakeQuantization(segment);
    if (marker == kRestartInterval) {
      restart_ = segment.size() == 2 ? segment[0] << 8 | segment[1] : 0;
      return segment.size() == 2;
    }
    if (marker == kStartOfScan) return TakeScan(segment);
    return marker == 0xC8 || marker < 0xC3 || marker > 0xCF;  // frames that are coded in other ways
  }

  bool TakeFrame(std::span<const std::uint8_t> segment, bool progressive) {
    if (segment.size() < 6 || !components_.empty() || segment.size() < 6 + std::size_t{3} * segment[5]) return false;
    progressive_ = progressive;
    const int height = segment[1] << 8 | segment[2];
    const int width = segment[3] << 8 | segment[4];
    for (int i = 0; i < segment[5]; ++i) {
      const auto entry = segment.subspan(6 + std::size_t{3} * static_cast<std::size_t>(i), 3);
      components_.push_back({.id = entry[0],
                             .horizontal = std::clamp(entry[1] >> 4, 1, 4),
                             .vertical = std::clamp(entry[1] & 15, 1, 4),
                             .quantization = entry[2] & 3});
      horizontal_ = std::max(horizontal_, components_.back().horizontal);
      vertical_ = std::max(vertical_, components_.back().vertical);
    }
    const auto parts = [](int length, int part) { return (length + part - 1) / part; };
    units_wide_ = parts(width, 8 * horizontal_);
    units_high_ = parts(height, 8 * vertical_);
    for (Component& component : components_) {
      component.blocks_wide = parts(parts(width * component.horizontal, horizontal_), 8);
      component.blocks_high = parts(parts(height * component.vertical, vertical_), 8);
      component.stride = units_wide_ * component.horizontal;
      if (!progressive) continue;
      component.known.resize(static_cast<std::size_t>(component.stride) *
                             static_cast<std::size_t>(units_high_ * component.vertical));
    }
    return true;
  }

  bool TakeTables(std::span<const std::uint8_t> segment) {
    while (segment.size() >= 17) {
      const std::size_t place = (segment[0] >> 4 & 1) * 4U + (segment[0] & 3U);
      const std::size_t used = codes_[place].Set(segment.subspan(1));
      if (used == 0) return false;
      segment = segment.subspan(1 + used);
    }
    return segment.empty();
  }

  bool TakeQuantization(std::span<const std::uint8_t> segment) {
    while (!segment.empty()) {
      const std::size_t bytes = segment[0] >> 4 == 0 ? 1 : 2;
      if (segment.size() < 1 + kBlock * bytes) return false;
      steps_[segment[0] & 3U] = bytes == 1 ? segment[1] : segment[1] << 8 | segment[2];
      segment = segment.subspan(1 + kBlock * bytes);
    }
    return true;
  }

  bool TakeScan(std::span<const std::uint8_t> segment) {
    const std::size_t count = segment[0];
    if (count < 1 || count > components_.size() || segment.size() < 4 + 2 * count) return false;
    Scan scan;
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = std::ranges::find(components_, int{segment[1 + 2 * i]}, &Component::id);
      if (found == components_.end()) return false;
      const unsigned tables = segment[2 + 2 * i];
      found->dc = &codes_[tables >> 4 & 3];
      found->ac = &codes_[4 + (tables & 3)];
      scan.components.push_back(&*found);
    }
    if (progressive_) {
      scan.first = segment[1 + 2 * count];
      scan.last = segment[2 + 2 * count];
      scan.high = segment[3 + 2 * count] >> 4;
      scan.low = segment[3 + 2 * count] & 15;
      if (scan.last >= kBlock || (scan.first > 0 && count > 1)) return false;
    }
    ++scans_;
    return Follow(scan);
  }

  // From the first byte of the scan's data to the marker after it.
  bool Follow(const Scan& scan) {
    const bool interleaved = scan.components.size() > 1;
    const Component& only = *scan.components[0];
    const int wide = interleaved ? units_wide_ : only.blocks_wide;
    const int all = wide * (interleaved ? units_high_ : only.blocks_high);
    for (int done = 0, restarts = 0; done < all; ++restarts) {
      JpegBits bits(file_.subspan(at_));
      run_ = 0;
      for (Component* component : scan.components) component->brightness = 0;
      const int end = restart_ > 0 ? std::min(all, done + restart_) : all;
      for (; done < end; ++done) {
        if (!Unit(scan, bits, done % wide, done / wide)) return false;
      }
      if (run_ != 0 || !bits.RestIsOnes() || GoesOn(scan, bits)) return false;
      at_ += bits.used();
      const std::size_t end_of_data = at_;
      if (done == all) break;
      if (NextMarker() != kFirstRestart + restarts % 8 || at_ - end_of_data > kMostBetween) return false;
    }
    return true;
  }

  // Whether what is left up to the marker is blocks that would fit in, to the last bit: then others are missing.
  bool GoesOn(const Scan& scan, const JpegBits& rest) {
    if (progressive_ || !rest.AnyByteLeft()) return false;
    std::vector<Component*> blocks;  // of one unit
    for (Component* component : scan.components) {
      const int count = scan.components.size() == 1 ? 1 : component->horizontal * component->vertical;
      blocks.insert(blocks.end(), static_cast<std::size_t>(count), component);
    }
    for (std::size_t first = 0; first < blocks.size(); ++first) {
      JpegBits bits = rest;
      std::size_t next = first;
      bool fits = true;
      while (fits && bits.AnyByteLeft()) fits = Block(scan, *blocks[next++ % blocks.size()], bits, 0, 0);
      if (fits && bits.RestIsOnes()) return true;
    }
    return false;
  }

  bool Unit(const Scan& scan, JpegBits& bits, int x, int y) {
    if (scan.components.size() == 1) return Block(scan, *scan.components[0], bits, x, y);
    for (Component* component : scan.components) {
      for (int row = 0; row < component->vertical; ++row) {
        for (int column = 0; column < component->horizontal; ++column) {
          if (!Block(scan, *component, bits, x * component->horizontal + column, y * component->vertical + row)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  bool Block(const Scan& scan, Component& component, JpegBits& bits, int x, int y) {
    std::uint64_t none = 0;
    std::uint64_t& known =
        progressive_ ? component.known[static_cast<std::size_t>(y) * static_cast<std::size_t>(component.stride) +
                                       static_cast<std::size_t>(x)]
                     : none;
    if (scan.first == 0) {
      if (scan.high > 0 ? !bits.Skip(1) : !Brightness(scan, component, bits)) return false;
      if (progressive_) return true;
    }
    if (scan.high > 0) return Refine(scan, *component.ac, bits, known);
    return Coefficients(scan, *component.ac, bits, known);
  }

  bool Brightness(const Scan& scan, Component& component, JpegBits& bits) const {
    const std::optional<int> size = bits.Decode(*component.dc);
    if (!size || *size > 15) return false;
    const std::optional<int> difference = bits.Signed(*size);
    if (!difference) return false;
    component.brightness += *difference;
    const int step = steps_[static_cast<std::size_t>(component.quantization)];
    return std::abs(component.brightness) * (1 << scan.low) <= kMostBrightness / std::max(step, 1) + (1 << scan.low);
  }

  bool Coefficients(const Scan& scan, const HuffmanCode& code, JpegBits& bits, std::uint64_t& known) {
    if (run_ > 0) {
      --run_;
      return true;
    }
    for (int k = std::max(scan.first, 1); k <= scan.last; ++k) {
      const std::optional<int> symbol = bits.Decode(code);
      if (!symbol) return false;
      const int zeros = *symbol >> 4;
      const int size = *symbol & 15;
      if (size == 0 && zeros < 15) return EndOfBand(zeros, bits);
      k += zeros;
      if (k > scan.last || !bits.Skip(size)) return false;
      if (size > 0) known |= std::uint64_t{1} << k;
    }
    return true;
  }

  // An end of band covers this block and the following ones.
  bool EndOfBand(int size, JpegBits& bits) {
    if (size > 0 && !progressive_) return false;
    const std::optional<int> more = bits.Unsigned(size);
    if (!more) return false;
    run_ = (1 << size) + *more - 1;
    return true;
  }

  bool Refine(const Scan& scan, const HuffmanCode& code, JpegBits& bits, std::uint64_t& known) {
    const auto is_known = [&](int k) { return (known >> k & 1) != 0; };
    int k = scan.first;
    const bool ended = run_ > 0;
    if (ended) --run_;
    while (!ended && k <= scan.last) {
      const std::optional<int> symbol = bits.Decode(code);
      if (!symbol) return false;
      int zeros = *symbol >> 4;
      const int size = *symbol & 15;
      if (size == 0 && zeros < 15) {
        if (!EndOfBand(zeros, bits)) return false;
        break;
      }
      if (size > 1 || !bits.Skip(size)) return false;
      for (; k <= scan.last; ++k) {
        if (is_known(k)) {
          if (!bits.Skip(1)) return false;
        } else if (--zeros < 0) {
          break;
        }
      }
      if (k > scan.last) return size == 0 && zeros < 0;
      if (size > 0) known |= std::uint64_t{1} << k;
      ++k;
    }
    for (; k <= scan.last; ++k) {
      if (is_known(k) && !bits.Skip(1)) return false;
    }
    return true;
  }

  std::span<const std::uint8_t> file_;
  std::size_t at_ = 0;
  bool progressive_ = false;
  int scans_ = 0;
  int restart_ = 0;  // units between two restart markers
  int run_ = 0;      // blocks that have ended already
  int horizontal_ = 1;
  int vertical_ = 1;
  int units_wide_ = 0;
  int units_high_ = 0;
  std::vector<Component> components_;
  std::array<HuffmanCode, 8> codes_;  // four of DC, four of AC
  std::array<int, 4> steps_{1, 1, 1, 1};
};

}  // namespace

bool JpegScansAreWhole(std::span<const std::uint8_t> file) { return Walk(file).Run(); }

}  // namespace eoa::train
