// Merged weights between populations (docs/protocol.md, "Weights"): each leader's agent serves its own and pulls the
// others'.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/messages/messages.h"
#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "trainer/agent/record.h"

namespace eoa::agent {

struct FetchOptions {
  api::WeightSource source;
  std::string directory;  // where the file is put; made when it is missing
  Duration timeout{};
};

// Fetches `source`'s weights into a file of `directory` and checks them against the checksum that the source gave;
// returns the file's path. NotFound: not there yet. InvalidArgument: no longer there, and will not be again. DataLoss:
// what came is not what was sent. A failed fetch leaves no file behind.
Result<std::string> FetchWeightsFile(const FetchOptions& options, net::HttpClient& http, FileSystem& files,
                                     net::Cancellation* cancellation);

// Serves what was published. Thread-safety: every method from any thread.
class WeightServer {
 public:
  // `listen` is an IP; "0.0.0.0" for every interface. `files` outlives the server.
  static Result<std::unique_ptr<WeightServer>> Start(const std::string& listen, std::string token, FileSystem& files);
  virtual ~WeightServer() = default;

  virtual std::uint16_t port() const = 0;

  // Training goes on with `generation`: who asks for an earlier one that is not there is told that it will not come.
  virtual void Begin(int generation) = 0;

  // From now on `weights` is served; of all that was published the newest kPublished stay, as long as their files do.
  virtual void Publish(const WeightsFile& weights) = 0;

  static constexpr std::size_t kPublished = 16;
};

// "crc32-0a1b2c3d", as in the ETag, and back.
std::string FormatCrc(std::uint32_t crc32);
Result<std::uint32_t> ParseCrc(std::string_view text);

}  // namespace eoa::agent
