// ZIP archives and .npy arrays, byte by byte, for tests of their readers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <libdeflate.h>

namespace eoa::train {

inline std::string LittleEndian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0);
  return text;
}

// An array as numpy writes it: version 1, header padded to 64 bytes.
inline std::string Npy(const std::string& type, const std::string& shape, std::string_view data) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  return "\x93NUMPY" + std::string("\x01\x00", 2) + LittleEndian(header.size(), 2) + header + std::string(data);
}

inline std::string Floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

struct ZipOptions {
  bool deflate = false;
  bool zip64 = false;  // sizes and places in 64 bits, as numpy does
  int method = -1;     // to claim another than the true one
  int flags = 0;
};

class ZipWriter {
 public:
  void Add(const std::string& name, const std::string& contents, const ZipOptions& options = {}) {
    std::string data = contents;
    if (options.deflate) {
      libdeflate_compressor* deflater = libdeflate_alloc_compressor(6);
      data.resize(libdeflate_deflate_compress_bound(deflater, contents.size()));
      data.resize(libdeflate_deflate_compress(deflater, contents.data(), contents.size(), data.data(), data.size()));
      libdeflate_free_compressor(deflater);
    }
    const std::uint64_t local = text_.size();
    const std::string sum = LittleEndian(libdeflate_crc32(0, contents.data(), contents.size()), 4);
    const int method = options.method >= 0 ? options.method : options.deflate ? 8 : 0;
    const std::string common = LittleEndian(static_cast<std::uint64_t>(options.flags), 2) +
                               LittleEndian(static_cast<std::uint64_t>(method), 2) + LittleEndian(0, 4) + sum;
    const std::string sizes = LittleEndian(contents.size(), 8) + LittleEndian(data.size(), 8);
    const std::string unknown(8, '\xff');
    const std::string short_sizes =
        options.zip64 ? unknown : LittleEndian(data.size(), 4) + LittleEndian(contents.size(), 4);
    const std::string local_extra = options.zip64 ? LittleEndian(1, 2) + LittleEndian(16, 2) + sizes : "";
    text_ += "PK\x03\x04" + LittleEndian(20, 2) + common + short_sizes + LittleEndian(name.size(), 2) +
             LittleEndian(local_extra.size(), 2) + name + local_extra + data;
    const std::string extra =
        options.zip64 ? LittleEndian(1, 2) + LittleEndian(24, 2) + sizes + LittleEndian(local, 8) : "";
    directory_ += "PK\x01\x02" + LittleEndian(20, 2) + LittleEndian(20, 2) + common + short_sizes +
                  LittleEndian(name.size(), 2) + LittleEndian(extra.size(), 2) + LittleEndian(0, 10) +
                  LittleEndian(options.zip64 ? 0xffffffff : local, 4) + name + extra;
    ++entries_;
  }

  std::string Finish(bool zip64 = false) const {
    const std::uint64_t at = text_.size();
    std::string end;
    if (zip64) {
      end = "PK\x06\x06" + LittleEndian(44, 8) + LittleEndian(45, 2) + LittleEndian(45, 2) + LittleEndian(0, 8) +
            LittleEndian(entries_, 8) + LittleEndian(entries_, 8) + LittleEndian(directory_.size(), 8) +
            LittleEndian(at, 8);
      end += "PK\x06\x07" + LittleEndian(0, 4) + LittleEndian(at + directory_.size(), 8) + LittleEndian(1, 4);
    }
    return text_ + directory_ + end + "PK\x05\x06" + LittleEndian(0, 4) + LittleEndian(zip64 ? 0xffff : entries_, 2) +
           LittleEndian(zip64 ? 0xffff : entries_, 2) + LittleEndian(zip64 ? 0xffffffff : directory_.size(), 4) +
           LittleEndian(zip64 ? 0xffffffff : at, 4) + LittleEndian(0, 2);
  }

 private:
  std::string text_;
  std::string directory_;
  std::uint64_t entries_ = 0;
};

}  // namespace eoa::train
