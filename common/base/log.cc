#include "common/base/log.h"

#include <cstdio>

#include "common/base/json_guard.h"
#include "common/base/mutex.h"
#include "common/base/timestamp.h"

namespace eoa {
namespace {

struct State {
  Mutex mutex;
  LogOptions options GUARDED_BY(mutex);
};

State& GlobalState() {
  static State state;
  return state;
}

LogOptions Options() {
  State& state = GlobalState();
  const MutexLock lock(state.mutex);
  return state.options;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
  }
  return "UNKNOWN";
}

bool IsPlainValue(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return true;
}

}  // namespace

void ConfigureLog(LogOptions options) {
  State& state = GlobalState();
  const MutexLock lock(state.mutex);
  state.options = std::move(options);
}

bool LogEnabled(LogLevel level) { return level >= Options().minimum; }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  Log(level, message, std::span(fields.begin(), fields.size()));
}

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  const LogOptions options = Options();
  if (level < options.minimum) return;
  const std::string line = FormatLogLine(options, RealClock().Now(), level, message, fields) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // whole: the standard has a stream locked meanwhile
}

std::string FormatLogLine(const LogOptions& options, WallTime now, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields) {
  return FormatLogLine(options, now, level, message, std::span(fields.begin(), fields.size()));
}

std::string FormatLogLine(const LogOptions& options, WallTime now, LogLevel level, std::string_view message,
                          std::span<const LogField> fields) {
  if (options.format == LogFormat::kJson) {
    nlohmann::ordered_json line = {
        {"time", FormatTimestamp(now, 3)}, {"level", LevelName(level)}, {"message", message}};
    if (!options.program.empty()) line["program"] = options.program;
    for (const LogField& field : fields) line[std::string(field.name)] = field.value;
    return DumpJson(line);
  }
  std::string line = FormatTimestamp(now, 3);
  line.append(" ").append(LevelName(level)).append(" ");
  if (!options.program.empty()) line.append(options.program).append(": ");
  // A JSON string's escapes are exactly what makes the text safe; the quotes are not needed around a message.
  const std::string quoted = DumpJson(nlohmann::json(message));
  line.append(quoted, 1, quoted.size() - 2);
  for (const LogField& field : fields) {
    line.append(" ").append(field.name).append("=");
    line.append(IsPlainValue(field.value) ? field.value : DumpJson(nlohmann::json(field.value)));
  }
  return line;
}

}  // namespace eoa
