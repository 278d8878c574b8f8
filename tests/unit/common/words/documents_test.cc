// What the documents list is what the tables hold: no word that is missing there, none that does not exist.
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/words/conditions.h"
#include "common/words/exit_code.h"
#include "common/words/phases.h"
#include "common/words/refusals.h"

namespace eoa {
namespace {

using testing::HasSubstr;

std::string Document(const std::string& name) {
  std::ifstream file(EOA_SOURCE_DIR "/docs/" + name);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

// From a heading to the next.
std::string Section(const std::string& document, const std::string& heading) {
  const std::size_t begin = document.find("## " + heading + "\n");
  EXPECT_NE(begin, std::string::npos) << heading;
  return begin == std::string::npos ? "" : document.substr(begin, document.find("\n## ", begin) - begin);
}

// Every run of letters and digits.
std::set<std::string> WordsIn(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::exchange(word, ""));
    }
  }
  return words;
}

// The cells of a table's rows, the head and the line under it left out; tables begin with `head`.
std::vector<std::vector<std::string>> Rows(const std::string& text, const std::string& head) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text.substr(std::min(text.size(), text.find(head))));
  std::string line;
  while (std::getline(lines, line) && line.starts_with('|')) {
    std::vector<std::string>& cells = rows.emplace_back();
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) {
      const std::size_t first = cell.find_first_not_of(' ');
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
    }
  }
  EXPECT_GT(rows.size(), 2) << head;
  if (rows.size() > 2) rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

template <typename E>
void ExpectAllIn(const std::string& text) {
  const std::set<std::string> told = WordsIn(text);
  for (const std::string_view word : kWords<E>) EXPECT_TRUE(told.contains(std::string(word))) << word;
}

TEST(Documents, TellEveryExitCodeOfATrainerAndWhetherItIsRestarted) {
  const auto rows = Rows(Section(Document("operations.md"), "Exit codes of trainers"), "| code | meaning |");
  ASSERT_EQ(rows.size(), kExitCodes.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i][0], std::to_string(static_cast<int>(kExitCodes[i].code)));
    EXPECT_EQ(rows[i][1], kExitCodes[i].meaning);
    EXPECT_EQ(rows[i][2].substr(0, rows[i][2].find(',')), kExitCodes[i].retried ? "yes" : "no") << rows[i][0];
  }
}

TEST(Documents, TellEveryPhaseOfAJob) {
  std::string phases;
  for (const auto& row : Rows(Section(Document("operations.md"), "What a job tells"), "| phase | meaning |")) {
    phases += (phases.empty() ? "" : ", ") + row[0];
  }
  EXPECT_EQ(phases, JoinWords(kWords<JobPhase>, ", "));
}

TEST(Documents, TellEveryConditionAndEveryReason) {
  const std::string section = Section(Document("operations.md"), "What a job tells");
  ExpectAllIn<Reason>(section);
  ExpectAllIn<ConditionType>(section);
  const std::set<std::string> of_kubernetes = {"ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
                                               "Unschedulable", "OOMKilled"};
  for (const auto& row : Rows(section, "| condition | reason |")) {
    for (const std::string& word : WordsIn(row[0])) {
      EXPECT_TRUE(FromWord<ConditionType>(word) || FromWord<ConditionStatus>(word)) << word;
    }
    for (const std::string& word : WordsIn(row[1])) {
      EXPECT_TRUE(FromWord<Reason>(word) || of_kubernetes.contains(word)) << word;
    }
  }
}

TEST(Documents, TellEveryRefusalAndWhatClosesARound) {
  const std::string protocol = Document("protocol.md");
  ExpectAllIn<Refusal>(protocol);
  for (const auto& row : Rows(protocol, "| status | reason | then |")) {
    for (const std::string& word : WordsIn(row[1])) EXPECT_TRUE(FromWord<Refusal>(word)) << word;
  }
  EXPECT_THAT(protocol, HasSubstr("`closedBy: " + std::string(ToWord(ClosedBy::kAll)) + "`"));
  for (const ClosedBy closing : {ClosedBy::kQuorum, ClosedBy::kDeadline, ClosedBy::kAsync}) {
    EXPECT_THAT(protocol, HasSubstr("`" + std::string(ToWord(closing)) + "`"));
  }
}

TEST(Documents, TellEveryPhaseOfATrainer) {
  EXPECT_THAT(Document("metrics.md"), HasSubstr("time of the pod in " + JoinWords(kWords<TrainerPhase>, ", ") + " |"));
}

}  // namespace
}  // namespace eoa
