#include "cli/report/report_page.h"

#include <string_view>

#include "common/base/json_guard.h"

// What the assembler took in (CMakeLists.txt).
extern "C" {
extern const char eoa_report_style[];
extern const char eoa_report_style_end[];
extern const char eoa_report_script[];
extern const char eoa_report_script_end[];
extern const char eoa_report_charts[];
extern const char eoa_report_charts_end[];
}

namespace eoa::report {
namespace {

std::string_view Part(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// JSON that cannot end the element it stands in, nor begin a comment: `<` occurs within strings alone.
std::string WithoutMarkup(const std::string& json) {
  std::string text;
  text.reserve(json.size());
  for (const char letter : json) {
    if (letter == '<') {
      text += "\\u003c";
    } else {
      text += letter;
    }
  }
  return text;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        escaped += "&lt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

}  // namespace

std::string ReportPage(const nlohmann::ordered_json& data) {
  const std::string name = data.value("name", "");
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // With this policy even a faulty page cannot fetch or send anything.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
      "style-src 'unsafe-inline'; img-src data:\">\n";
  page += "<title>" + Escaped(name) + " - EOA</title>\n<style>\n";
  page += Part(eoa_report_style, eoa_report_style_end);
  page +=
      "</style>\n</head>\n<body>\n<main id=\"page\"><noscript>This report draws itself with "
      "JavaScript.</noscript></main>\n";
  page += "<script type=\"application/json\" id=\"data\">" + WithoutMarkup(DumpJson(data)) + "</script>\n<script>\n";
  page += Part(eoa_report_charts, eoa_report_charts_end);
  page += "\n</script>\n<script>\n";
  page += Part(eoa_report_script, eoa_report_script_end);
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace eoa::report
