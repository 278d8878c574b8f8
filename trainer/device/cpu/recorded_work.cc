#include "trainer/device/recorded_work.h"

#include <utility>

namespace eoa::train {
namespace {

class PlainWork final : public RecordedWork {
 public:
  explicit PlainWork(std::function<void()> work) : work_(std::move(work)) {}
  void Run() override { work_(); }

 private:
  std::function<void()> work_;
};

}  // namespace

std::unique_ptr<RecordedWork> RecordedWork::Make(c10::Device /*device*/, bool /*record*/, std::function<void()> work) {
  return std::make_unique<PlainWork>(std::move(work));
}

}  // namespace eoa::train
