#include <filesystem>
#include <utility>

#include "common/document/read_yaml.h"
#include "operator/kube/base64.h"
#include "operator/kube/connection.h"

namespace eoa::kube {
namespace {

using api::Node;

constexpr std::uint64_t kMaxKubeconfigBytes = std::uint64_t{1} << 20;

const Node* Find(const Node* mapping, std::string_view key) {
  if (mapping == nullptr || mapping->kind != Node::Kind::kMapping) return nullptr;
  for (const api::Entry& entry : mapping->entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string Text(const Node* mapping, std::string_view key) {
  const Node* found = Find(mapping, key);
  return found == nullptr || found->kind == Node::Kind::kNull ? "" : found->text;
}

bool IsTrue(const Node* mapping, std::string_view key) {
  const Node* found = Find(mapping, key);
  return found != nullptr && found->kind == Node::Kind::kBoolean && found->boolean;
}

// A kubeconfig file, and where its relative paths count from.
struct File {
  std::string path;
  Node root;
  std::string folder() const { return std::filesystem::path(path).parent_path().string(); }
  std::string Resolve(const std::string& relative) const {
    if (relative.empty() || relative.front() == '/') return relative;
    return (std::filesystem::path(folder()) / relative).string();
  }
};

// The `inner` part of the entry of this name in a list such as "clusters", and the file that it stands in.
struct Found {
  const Node* node = nullptr;
  const File* file = nullptr;
};
Found FindNamed(const std::vector<File>& files, std::string_view list, std::string_view inner,
                const std::string& name) {
  for (const File& file : files) {
    const Node* entries = Find(&file.root, list);
    if (entries == nullptr) continue;
    for (const Node& entry : entries->items) {
      if (Text(&entry, "name") == name) return {Find(&entry, inner), &file};
    }
  }
  return {};
}

Result<TextSource> ReadSource(const Found& at, const std::string& field) {
  TextSource source;
  source.file = at.file->Resolve(Text(at.node, field));
  const std::string data = Text(at.node, field + "-data");
  if (data.empty()) return source;
  const std::optional<std::string> decoded = DecodeBase64(data);
  if (!decoded || decoded->empty()) {
    return InvalidArgumentError(at.file->path + ": " + field + "-data is not base64");
  }
  source.text = *decoded;
  return source;
}

Result<ExecPlugin> ReadPlugin(const Found& user, const Node* exec) {
  ExecPlugin plugin;
  plugin.api_version = Text(exec, "apiVersion");
  plugin.install_hint = Text(exec, "installHint");
  plugin.directory = user.file->folder();
  const std::string command = Text(exec, "command");
  if (command.empty()) return InvalidArgumentError(user.file->path + ": a user's exec has no command");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return InvalidArgumentError(user.file->path + ": a user's exec has apiVersion '" + plugin.api_version +
                                "'; known are client.authentication.k8s.io/v1 and v1beta1");
  }
  // A name is searched in PATH; a path counts from the file.
  plugin.arguments.push_back(command.find('/') == std::string::npos ? command : user.file->Resolve(command));
  if (const Node* arguments = Find(exec, "args")) {
    for (const Node& argument : arguments->items) plugin.arguments.push_back(argument.text);
  }
  if (const Node* environment = Find(exec, "env")) {
    for (const Node& each : environment->items)
      plugin.environment.emplace_back(Text(&each, "name"), Text(&each, "value"));
  }
  return plugin;
}

Result<CredentialSources> ReadUser(const Found& cluster, const Found& user) {
  CredentialSources sources;
  EOA_ASSIGN_OR_RETURN(sources.authorities, ReadSource(cluster, "certificate-authority"));
  if (user.node == nullptr) return sources;
  EOA_ASSIGN_OR_RETURN(sources.certificate, ReadSource(user, "client-certificate"));
  EOA_ASSIGN_OR_RETURN(sources.key, ReadSource(user, "client-key"));
  sources.token.file = user.file->Resolve(Text(user.node, "tokenFile"));
  if (sources.token.file.empty()) sources.token.text = Text(user.node, "token");
  if (const Node* exec = Find(user.node, "exec")) {
    EOA_ASSIGN_OR_RETURN(sources.plugin, ReadPlugin(user, exec));
  }
  for (const char* unsupported : {"auth-provider", "username"}) {
    if (Find(user.node, unsupported) != nullptr) {
      return InvalidArgumentError(user.file->path + ": a user's " + unsupported +
                                  " is not supported; use a token, a certificate or an exec plugin");
    }
  }
  return sources;
}

Result<std::vector<File>> ReadFiles(const std::vector<std::string>& paths, FileSystem& files) {
  std::vector<File> read;
  for (const std::string& path : paths) {
    // kubectl passes over files of $KUBECONFIG that are not there.
    if (paths.size() > 1 && !files.Exists(path)) continue;
    EOA_ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, kMaxKubeconfigBytes));
    api::YamlOutcome outcome = api::ReadYaml(text, {"a", "kubeconfig"});
    if (!outcome.mistakes.empty() || !outcome.root) {
      return InvalidArgumentError(outcome.mistakes.empty() ? path + " is empty"
                                                           : api::ToString(outcome.mistakes[0], path));
    }
    read.push_back({path, *std::move(outcome.root)});
  }
  if (read.empty()) return NotFoundError("there is no kubeconfig file");
  return read;
}

}  // namespace

Result<Connection> LoadKubeconfig(const std::vector<std::string>& paths, const std::string& context, FileSystem& files,
                                  Clock& clock) {
  EOA_ASSIGN_OR_RETURN(const std::vector<File> read, ReadFiles(paths, files));
  std::string chosen = context;
  for (const File& file : read) {
    if (chosen.empty()) chosen = Text(&file.root, "current-context");
  }
  if (chosen.empty()) return InvalidArgumentError(paths[0] + " has no current-context; give --context");
  const Found at = FindNamed(read, "contexts", "context", chosen);
  if (at.node == nullptr) return NotFoundError("there is no context '" + chosen + "' in " + paths[0]);
  const Found cluster = FindNamed(read, "clusters", "cluster", Text(at.node, "cluster"));
  if (cluster.node == nullptr) {
    return NotFoundError("the cluster '" + Text(at.node, "cluster") + "' of context '" + chosen + "' is not defined");
  }
  const std::string user_name = Text(at.node, "user");
  const Found user = FindNamed(read, "users", "user", user_name);
  if (user.file == nullptr && !user_name.empty()) {
    return NotFoundError("the user '" + user_name + "' of context '" + chosen + "' is not defined");
  }

  Connection connection;
  connection.server = Text(cluster.node, "server");
  while (connection.server.ends_with('/')) connection.server.pop_back();
  if (!connection.server.starts_with("https://") && !connection.server.starts_with("http://")) {
    return InvalidArgumentError(cluster.file->path + ": server '" + connection.server +
                                "' is not a URL; it must begin with https:// or http://");
  }
  if (!Text(cluster.node, "proxy-url").empty()) {
    return InvalidArgumentError(cluster.file->path + ": proxy-url is not supported");
  }
  if (const std::string name_space = Text(at.node, "namespace"); !name_space.empty())
    connection.name_space = name_space;
  connection.tls_server_name = Text(cluster.node, "tls-server-name");
  connection.tls_verify = !IsTrue(cluster.node, "insecure-skip-tls-verify");
  EOA_ASSIGN_OR_RETURN(CredentialSources sources, ReadUser(cluster, user));
  EOA_ASSIGN_OR_RETURN(connection.credentials, Credentials::Load(std::move(sources), files, clock));
  return connection;
}

}  // namespace eoa::kube
