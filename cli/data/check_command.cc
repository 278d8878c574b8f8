#include "cli/data/check_command.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <ostream>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/number.h"
#include "common/words/exit_code.h"
#include "trainer/data/check_data.h"
#include "trainer/data/data_source.h"

namespace eoa::data {
namespace {

using train::DataSource;
using train::Split;

struct Kind {
  api::Dataset name;
  std::string_view text;
};

// By what only this kind has. Nothing when it is none.
Result<Kind> KindOf(const std::string& directory, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.ListDirectory(directory));
  const auto holds = [&](const char* file) {
    return files.Exists(JoinPath(directory, file)) ||
           std::ranges::any_of(std::array{"cifar-10-batches-bin", "cifar-100-binary"}, [&](const char* folder) {
             return files.Exists(JoinPath(JoinPath(directory, folder), file));
           });
  };
  if (holds("data_batch_1.bin")) return Kind{api::Dataset::kCifar10, "CIFAR-10 (cifar10)"};
  if (holds("train.bin")) return Kind{api::Dataset::kCifar100, "CIFAR-100 (cifar100)"};
  if (files.IsDirectory(JoinPath(directory, "train")))
    return Kind{api::Dataset::kImageFolder, "an image folder (imagefolder)"};
  const bool shards = std::ranges::any_of(
      names, [](const std::string& name) { return name.starts_with("train") && name.find(".t") != std::string::npos; });
  if (shards) return Kind{api::Dataset::kWebDataset, "a WebDataset (webdataset)"};
  return NotFoundError(directory +
                       " holds no data set: expected a folder train, train*.tar, data_batch_1.bin or train.bin");
}

void PrintClasses(const DataSource& source, std::string_view split, std::ostream& out) {
  std::vector<std::uint64_t> counts(source.class_names().size());
  for (const std::int32_t label : source.labels()) ++counts[static_cast<std::size_t>(label)];
  out << split << ": " << source.size() << " images\n";
  std::size_t width = 0;
  for (const std::string& name : source.class_names()) width = std::max(width, name.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string& name = source.class_names()[i];
    out << "  " << name << std::string(width - name.size(), ' ') << std::setw(9) << counts[i] << "\n";
  }
  if (const std::string left_out = source.left_out().ToString(); !left_out.empty()) {
    out << "  left out: " << left_out << "\n";
  }
}

class Checking {
 public:
  Checking(const CheckOptions& options, const Clock& clock, std::ostream& out, std::ostream& err)
      : options_(options), clock_(clock), out_(out), err_(err) {}

  Result<bool> Run() {
    FileSystem& files = RealFileSystem();
    if (!files.IsDirectory(options_.directory)) return NotFoundError("no folder " + options_.directory);
    EOA_ASSIGN_OR_RETURN(const Kind kind, KindOf(options_.directory, files));
    api::DatasetSpec dataset;
    dataset.name = kind.name;
    dataset.path = options_.directory;
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<DataSource> training, train::IndexDataSource(dataset, Split::kTrain));
    out_ << options_.directory << ": " << kind.text << " with " << training->classes() << " classes\n";
    PrintClasses(*training, "train", out_);
    const auto test = train::IndexDataSource(dataset, Split::kTest, training->class_names());
    if (test.ok()) PrintClasses(**test, "test", out_);
    bool whole = Look(*training, "train");
    if (!test.ok()) return test.error();
    whole = Look(**test, "test") && whole;
    return whole;
  }

 private:
  bool Look(const DataSource& source, std::string_view split) {
    const SteadyTime start = clock_.SteadyNow();
    SteadyTime told = start;
    const auto depth = options_.decode ? train::Depth::kDecode : train::Depth::kOpen;
    const auto damaged = train::FindDamaged(source, depth, options_.threads, [&](std::uint32_t done) {
      if (clock_.SteadyNow() - told < std::chrono::seconds(1)) return;
      told = clock_.SteadyNow();
      err_ << "  " << split << ": " << done << " of " << source.size() << std::endl;
    });
    const double seconds = ToSeconds(clock_.SteadyNow() - start);
    out_ << split << ": " << source.size() << (options_.decode ? " images decoded in " : " files opened in ")
         << FormatShort(seconds, 3) << " s, " << damaged.size() << " damaged\n";
    for (const train::DamagedRecord& record : damaged) out_ << "  " << record.error.message() << "\n";
    return damaged.empty();
  }

  const CheckOptions& options_;
  const Clock& clock_;
  std::ostream& out_;
  std::ostream& err_;
};

}  // namespace

int CheckCommand(const CheckOptions& options, const Clock& clock, std::ostream& out, std::ostream& err) {
  const Result<bool> whole = Checking(options, clock, out, err).Run();
  out << std::flush;
  if (whole.ok()) return *whole ? CommandExit::kOk : CommandExit::kFailed;
  err << "eoa data check: " << whole.error().message() << "\n";
  return CommandExit::kFailed;
}

}  // namespace eoa::data
