// Credentials: who we are for the API server, and whom we believe to be it. What they are made of is replaced while the
// program runs (tokens and certificates rotate), so they are asked before every request and for every connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/tls.h"

namespace eoa::kube {

// A text that is given, or lies in a file that may be replaced at any time.
struct TextSource {
  std::string text;
  std::string file;  // counts when `text` is empty
  bool given() const { return !text.empty() || !file.empty(); }
};

// A program that prints an ExecCredential (client.authentication.k8s.io), as kubeconfigs name it.
struct ExecPlugin {
  std::string api_version;
  std::vector<std::string> arguments;  // [0]: the program
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;     // of the kubeconfig: where a relative program lies
  std::string install_hint;  // for the user whose machine lacks it
};

struct CredentialSources {
  TextSource authorities;  // PEM; none: the system's
  TextSource certificate;  // PEM
  TextSource key;          // PEM
  TextSource token;
  std::optional<ExecPlugin> plugin;
};

// Thread-safety: every method from any thread.
class Credentials {
 public:
  // How long what was read from a file is good.
  static constexpr Duration kFilePeriod = std::chrono::seconds(60);
  static constexpr Duration kPluginPatience = std::chrono::seconds(30);

  // Reads everything once: what is missing then is an error (NotFound, InvalidArgument) that names the file. `files`
  // and `clock` outlive it.
  static Result<std::shared_ptr<Credentials>> Load(CredentialSources sources, FileSystem& files, Clock& clock);

  // The bearer token for a request; empty: none. Reads files that are due; one that cannot be read any more leaves the
  // old text in use.
  Result<std::string> Token();

  // For a new connection; never blocks.
  std::shared_ptr<const net::TlsIdentity> Identity() const;

  // The server answered 401: whatever is cached is read, or asked of the plugin, anew.
  void Rejected();

 private:
  Credentials(CredentialSources sources, FileSystem& files, Clock& clock)
      : sources_(std::move(sources)), files_(files), clock_(clock) {}
  Status Refresh() REQUIRES(mutex_);
  Status RunPlugin() REQUIRES(mutex_);
  void SetIdentity(net::TlsIdentity identity);
  Result<std::string> Read(const TextSource& source) const;

  const CredentialSources sources_;
  FileSystem& files_;
  Clock& clock_;
  // Never held while files are read or a plugin runs.
  mutable Mutex identity_mutex_;
  std::shared_ptr<const net::TlsIdentity> identity_ GUARDED_BY(identity_mutex_);

  Mutex mutex_ ACQUIRED_BEFORE(identity_mutex_);
  std::string token_ GUARDED_BY(mutex_);
  std::optional<SteadyTime> read_at_ GUARDED_BY(mutex_);
  std::optional<WallTime> expires_ GUARDED_BY(mutex_);  // what the plugin gave
  bool plugin_ran_ GUARDED_BY(mutex_) = false;
};

// What a plugin printed. InvalidArgument says what is wrong; the text, which holds secrets, is never shown. Pure.
struct PluginAnswer {
  std::string token;
  std::string certificate;
  std::string key;
  std::optional<WallTime> expires;
};
Result<PluginAnswer> ParsePluginAnswer(const std::string& text, const std::string& api_version);

}  // namespace eoa::kube
