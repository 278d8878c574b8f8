// What `eoa fetch` takes from a pod: files of its directory, in pieces (docs/protocol.md, "Files").
//
//   GET /v1/files?key=KEY                          {"files": [{"name": ..., "bytes": ..., "changed": ...}]}
//   GET /v1/files/NAME?key=KEY&from=OFFSET         at most kPieceBytes from there, after the eight hexadecimal digits
//                                                  of their CRC-32
//
// Who may: the SHA-256 of the key stands, as hexadecimal digits, in the pod's annotation kFetchKeyAnnotation, which the
// pod sees through a downwardAPI volume. So who may change the pod may fetch, and nobody else, whoever reaches the port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/file_system.h"
#include "common/net/http_server.h"

namespace eoa::agent {

// Thread-safety: from any thread. `files` outlives it.
class FilePage {
 public:
  // `keys_file`: the pod's annotations, as a downwardAPI volume writes them; empty: nothing is served.
  FilePage(std::string directory, std::string keys_file, FileSystem& files)
      : directory_(std::move(directory)), keys_file_(std::move(keys_file)), files_(files) {}

  static constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

  // Whether `request` is for this page.
  static bool Answers(const net::ServerRequest& request);
  net::ServerResponse Answer(const net::ServerRequest& request) const;

 private:
  bool Allows(const std::string& key) const;
  net::ServerResponse List() const;
  net::ServerResponse Piece(const std::string& name, const std::string& from) const;

  const std::string directory_;
  const std::string keys_file_;
  FileSystem& files_;
};

}  // namespace eoa::agent
