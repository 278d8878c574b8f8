// Log: one line per event on stderr, for people (text) or machines (JSON). Log what changes, not what repeats.
//
//   Log(LogLevel::kInfo, "population joined", {{"population", "wolves"}, {"attempt", "2"}});
//   2026-01-31T12:00:00.123Z INFO population joined population=wolves attempt=2
//
// Thread-safety: every function may be called from any thread; a line is written whole.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"

namespace eoa {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogField {
  std::string_view name;
  std::string value;
};

struct LogOptions {
  LogLevel minimum = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  std::string program;  // printed as field `program`; empty: left out
};

// Call once, early in main; before that the defaults hold.
void ConfigureLog(LogOptions options);

// True when a line of this level would be written: to skip costly fields.
bool LogEnabled(LogLevel level);

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
void Log(LogLevel level, std::string_view message, std::span<const LogField> fields);

// The line that Log writes, without the newline. Control characters and invalid UTF-8 are escaped, so that what a peer
// sent cannot forge lines or move a terminal's cursor.
std::string FormatLogLine(const LogOptions& options, WallTime now, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields);
std::string FormatLogLine(const LogOptions& options, WallTime now, LogLevel level, std::string_view message,
                          std::span<const LogField> fields);

}  // namespace eoa
