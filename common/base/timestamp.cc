#include "common/base/timestamp.h"

#include <cstdint>
#include <ctime>

namespace eoa {
namespace {

// Takes `digits` digits off the front.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeOne(std::string_view& text, std::string_view of) {
  if (text.empty() || of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Nanoseconds of ".123"; nothing when the digits are missing.
std::optional<std::int64_t> TakeFraction(std::string_view& text) {
  std::int64_t value = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 9) value = value * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) value *= 10;
  return value;
}

}  // namespace

std::string FormatTimestamp(WallTime time, int decimals) {
  const auto since = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  const auto seconds = static_cast<std::time_t>(whole.count());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts));
  if (decimals > 0) {
    constexpr std::int64_t kOneSecond = 1'000'000'000;
    // The leading one keeps the zeros behind it.
    const std::string nanoseconds = std::to_string(kOneSecond + std::chrono::nanoseconds(since - whole).count());
    text += "." + nanoseconds.substr(1, static_cast<std::size_t>(decimals));
  }
  return text + "Z";
}

std::optional<WallTime> ParseTimestamp(std::string_view text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeOne(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeOne(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || !TakeOne(text, "Tt ")) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeOne(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeOne(text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (TakeOne(text, ".")) {
    const auto fraction = TakeFraction(text);
    if (!fraction) return std::nullopt;
    nanoseconds = *fraction;
  }
  int offset_minutes = 0;
  if (!TakeOne(text, "Zz")) {
    const bool east = !text.empty() && text.front() == '+';
    if (!TakeOne(text, "+-")) return std::nullopt;
    const auto hours = TakeNumber(text, 2);
    if (!hours || !TakeOne(text, ":")) return std::nullopt;
    const auto minutes = TakeNumber(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset_minutes = (*hours * 60 + *minutes) * (east ? 1 : -1);
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  // 60: a leap second.
  if (!text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute - offset_minutes) + std::chrono::seconds(*second) +
         std::chrono::nanoseconds(nanoseconds);
}

}  // namespace eoa
