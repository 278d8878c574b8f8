#include "operator/kube/credentials.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <utility>

#include "common/base/descriptor.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/base/log.h"
#include "common/base/subprocess.h"
#include "common/base/timestamp.h"

namespace eoa::kube {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{4} << 20;
constexpr std::size_t kMaxPluginBytes = std::size_t{1} << 20;
constexpr Duration kExpiryMargin = std::chrono::seconds(10);

std::string Trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  std::size_t begin = 0;
  while (begin < text.size() && std::isspace(static_cast<unsigned char>(text[begin])) != 0) ++begin;
  return text.substr(begin);
}

// Everything until the end, within the limits.
Result<std::string> ReadUntilEnd(int descriptor, SteadyTime deadline, Clock& clock) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.SteadyNow()).count();
    pollfd entry{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) == 0)
      return DeadlineExceededError("it did not end in time");
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "reading its output");
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxPluginBytes) return ResourceExhaustedError("it prints more than a mebibyte");
  }
}

Result<std::string> OutputOf(const ExecPlugin& plugin, Clock& clock) {
  const SteadyTime deadline = clock.SteadyNow() + Credentials::kPluginPatience;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError(errno, "making a pipe");
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  SubprocessOptions options;
  options.arguments = plugin.arguments;
  for (const auto& [name, value] : plugin.environment) options.environment[name] = value;
  options.environment["KUBERNETES_EXEC_INFO"] = DumpJson(nlohmann::json{
      {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}});
  options.descriptors = {{writing.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  EOA_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(options));
  writing.Close();
  EOA_ASSIGN_OR_RETURN(std::string output, ReadUntilEnd(reading.get(), deadline, clock));
  EOA_ASSIGN_OR_RETURN(const ExitStatus status, process.Wait(std::max(Duration::zero(), deadline - clock.SteadyNow())));
  if (!status.ok()) return UnauthenticatedError("it ended with " + status.ToString());
  return output;
}

}  // namespace

Result<PluginAnswer> ParsePluginAnswer(const std::string& text, const std::string& api_version) {
  const auto wrong = [](const std::string& what) { return InvalidArgumentError("its output " + what); };
  const Result<nlohmann::json> document = ParseJson(text);
  if (!document.ok()) return wrong("is not JSON");
  if (TextAt(*document, "kind") != "ExecCredential") return wrong("is not an ExecCredential");
  if (TextAt(*document, "apiVersion") != api_version) {
    return wrong("has apiVersion '" + TextAt(*document, "apiVersion") + "'; the kubeconfig says " + api_version);
  }
  const auto status = document->find("status");
  if (status == document->end() || !status->is_object()) return wrong("has no status");
  PluginAnswer answer{.token = Trimmed(TextAt(*status, "token")),
                      .certificate = TextAt(*status, "clientCertificateData"),
                      .key = TextAt(*status, "clientKeyData"),
                      .expires = std::nullopt};
  if (answer.certificate.empty() != answer.key.empty()) return wrong("has a certificate without a key, or a key alone");
  if (answer.token.empty() && answer.certificate.empty()) return wrong("has neither a token nor a certificate");
  if (const std::string expires = TextAt(*status, "expirationTimestamp"); !expires.empty()) {
    answer.expires = ParseTimestamp(expires);
    if (!answer.expires) return wrong("has a malformed expirationTimestamp");
  }
  return answer;
}

Result<std::shared_ptr<Credentials>> Credentials::Load(CredentialSources sources, FileSystem& files, Clock& clock) {
  // The constructor is private.
  std::shared_ptr<Credentials> credentials(new Credentials(std::move(sources), files, clock));
  const MutexLock lock(credentials->mutex_);
  EOA_RETURN_IF_ERROR(credentials->Refresh());
  return credentials;
}

Result<std::string> Credentials::Read(const TextSource& source) const {
  if (!source.text.empty() || source.file.empty()) return source.text;
  return files_.ReadFile(source.file, kMaxFileBytes);
}

Status Credentials::Refresh() {
  const SteadyTime now = clock_.SteadyNow();
  const bool due = !read_at_ || now - *read_at_ >= kFilePeriod;
  if (due) {
    net::TlsIdentity identity;
    EOA_ASSIGN_OR_RETURN(identity.authorities, Read(sources_.authorities));
    EOA_ASSIGN_OR_RETURN(identity.certificate, Read(sources_.certificate));
    EOA_ASSIGN_OR_RETURN(identity.key, Read(sources_.key));
    EOA_ASSIGN_OR_RETURN(std::string token, Read(sources_.token));
    token = Trimmed(std::move(token));
    if (sources_.token.given() && token.empty()) return UnauthenticatedError("the token is empty");
    if (const auto current = Identity(); sources_.plugin && current) {
      // The plugin's stay.
      identity.certificate = current->certificate;
      identity.key = current->key;
      token = token_;
    }
    SetIdentity(std::move(identity));
    token_ = std::move(token);
    read_at_ = now;
  }
  const bool stale = !plugin_ran_ || (expires_ && clock_.Now() + kExpiryMargin >= *expires_);
  return sources_.plugin && stale ? RunPlugin() : OkStatus();
}

Status Credentials::RunPlugin() {
  const ExecPlugin& plugin = *sources_.plugin;
  const auto fail = [&](Error error) {
    std::string context = "the kubeconfig's credential plugin " + plugin.arguments[0];
    if (!plugin.install_hint.empty()) context += " (" + plugin.install_hint + ")";
    return std::move(error).WithContext(context);
  };
  const Result<std::string> output = OutputOf(plugin, clock_);
  if (!output.ok()) return fail(output.error());
  const Result<PluginAnswer> answer = ParsePluginAnswer(*output, plugin.api_version);
  if (!answer.ok()) return fail(answer.error());
  net::TlsIdentity identity = *Identity();
  identity.certificate = answer->certificate;
  identity.key = answer->key;
  SetIdentity(std::move(identity));
  token_ = answer->token;
  expires_ = answer->expires;
  plugin_ran_ = true;
  return OkStatus();
}

Result<std::string> Credentials::Token() {
  const MutexLock lock(mutex_);
  if (const Status refreshed = Refresh(); !refreshed.ok()) {
    // What is rotated may be away for a moment; the server decides whether the old one is still good.
    if (token_.empty() && sources_.plugin) return refreshed.error();
    Log(LogLevel::kWarning, "credentials cannot be read again; the old ones stay in use",
        {{"error", refreshed.error().ToString()}});
    read_at_ = clock_.SteadyNow();
  }
  return token_;
}

std::shared_ptr<const net::TlsIdentity> Credentials::Identity() const {
  const MutexLock lock(identity_mutex_);
  return identity_;
}

void Credentials::SetIdentity(net::TlsIdentity identity) {
  const MutexLock lock(identity_mutex_);
  // Connections last as long as the object does.
  if (identity_ && *identity_ == identity) return;
  identity_ = std::make_shared<const net::TlsIdentity>(std::move(identity));
}

void Credentials::Rejected() {
  const MutexLock lock(mutex_);
  read_at_.reset();
  plugin_ran_ = false;
}

}  // namespace eoa::kube
