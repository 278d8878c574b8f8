#include "trainer/data/check_data.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <thread>
#include <utility>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "trainer/data/image_decoder.h"

namespace eoa::train {
namespace {

constexpr std::uint32_t kAtOnce = 64;  // samples that a thread takes: few, so that all end together

class Search {
 public:
  Search(const DataSource& source, Depth depth) : source_(source), depth_(depth) {}

  // On any number of threads at once.
  void Run(const OnChecked& on_checked) {
    ImageDecoder decoder;
    std::vector<std::uint8_t> scratch;
    for (std::uint32_t first = next_.fetch_add(kAtOnce); first < source_.size(); first = next_.fetch_add(kAtOnce)) {
      const std::uint32_t end = std::min(first + kAtOnce, source_.size());
      for (std::uint32_t sample = first; sample < end; ++sample) Look(sample, decoder, scratch);
      const std::uint32_t done = done_.fetch_add(end - first) + (end - first);
      if (on_checked) on_checked(done);
    }
  }

  std::vector<DamagedRecord> Take() {
    const MutexLock lock(mutex_);
    std::ranges::sort(found_, {}, &DamagedRecord::sample);
    return std::move(found_);
  }

 private:
  void Look(std::uint32_t sample, ImageDecoder& decoder, std::vector<std::uint8_t>& scratch) {
    Status status;
    try {
      status = depth_ == Depth::kOpen ? source_.Check(sample) : Decode(sample, decoder, scratch);
    } catch (const std::exception& exception) {
      status = ResourceExhaustedError(exception.what());
    }
    if (status.ok()) return;
    const MutexLock lock(mutex_);
    found_.push_back({sample, std::move(status).error().WithContext(source_.Describe(sample))});
  }

  Status Decode(std::uint32_t sample, ImageDecoder& decoder, std::vector<std::uint8_t>& scratch) const {
    EOA_ASSIGN_OR_RETURN(const RecordView record, source_.Read(sample, scratch));
    const auto* encoded = std::get_if<EncodedView>(&record);
    if (encoded == nullptr) return OkStatus();
    const auto image = decoder.Decode(encoded->bytes, 1);
    return image.ok() ? OkStatus() : Status(image.error());
  }

  const DataSource& source_;
  const Depth depth_;
  std::atomic<std::uint32_t> next_ = 0;
  std::atomic<std::uint32_t> done_ = 0;
  Mutex mutex_;
  std::vector<DamagedRecord> found_ GUARDED_BY(mutex_);
};

Status CheckRecords(const DataSource& source, int threads) {
  const std::vector<DamagedRecord> damaged = FindDamaged(source, Depth::kOpen, threads);
  if (damaged.empty()) return OkStatus();
  const Error& first = damaged[0].error;
  if (damaged.size() == 1) return first;
  return Error(first.code(), first.message() + " (and " + std::to_string(damaged.size() - 1) + " more such files)");
}

void LogLeftOut(const DataSource& source, const std::string& split) {
  const std::string text = source.left_out().ToString();
  if (text.empty()) return;
  Log(LogLevel::kWarning, "left out of the data set", {{"split", split}, {"what", text}});
}

}  // namespace

std::vector<DamagedRecord> FindDamaged(const DataSource& source, Depth depth, int threads,
                                       const OnChecked& on_checked) {
  Search search(source, depth);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&search] { search.Run(nullptr); });
  search.Run(on_checked);
  for (std::thread& thread : others) thread.join();
  return search.Take();
}

Status CheckDataset(const api::DatasetSpec& dataset, const DataSource& train, int threads) {
  LogLeftOut(train, "train");
  EOA_RETURN_IF_ERROR(CheckRecords(train, threads));
  auto test = IndexDataSource(dataset, Split::kTest, train.class_names());
  if (!test.ok()) return std::move(test).error().WithContext("the test set, which the model is measured on at the end");
  LogLeftOut(**test, "test");
  return CheckRecords(**test, threads);
}

}  // namespace eoa::train
