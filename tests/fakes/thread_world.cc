#include "tests/fakes/thread_world.h"

#include <thread>
#include <utility>

namespace eoa::train {
namespace {

constexpr double kUseless = -12345;  // so that nobody relies on what a reduce leaves behind

}  // namespace

class ThreadWorld::Member final : public Comm {
 public:
  Member(ThreadWorld& world, int rank) : world_(world), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(world_.slots_.size()); }

  Status AllReduceSum(at::Tensor& tensor) override {
    Show(tensor);
    at::Tensor sum = world_.slots_[0].clone();
    for (std::size_t i = 1; i < world_.slots_.size(); ++i) sum.add_(world_.slots_[i]);
    world_.barrier_.arrive_and_wait();
    tensor.copy_(sum);
    return OkStatus();
  }

  Status ReduceSum(at::Tensor& tensor, int root) override {
    Show(tensor);
    at::Tensor sum = world_.slots_[0].clone();
    for (std::size_t i = 1; i < world_.slots_.size(); ++i) sum.add_(world_.slots_[i]);
    world_.barrier_.arrive_and_wait();
    if (rank_ == root) {
      tensor.copy_(sum);
    } else {
      tensor.fill_(kUseless);
    }
    return OkStatus();
  }

  Status Broadcast(at::Tensor& tensor, int root) override {
    Show(tensor);
    const at::Tensor value = world_.slots_[static_cast<std::size_t>(root)].clone();
    world_.barrier_.arrive_and_wait();
    tensor.copy_(value);
    return OkStatus();
  }

  Result<std::unique_ptr<GradientReducer>> MakeReducer(std::vector<at::Tensor> parameters) override {
    return std::unique_ptr<GradientReducer>(std::make_unique<Reducer>(*this, std::move(parameters)));
  }

 private:
  class Reducer final : public GradientReducer {
   public:
    Reducer(Member& comm, std::vector<at::Tensor> parameters) : comm_(comm), parameters_(std::move(parameters)) {}
    Status Backward(const at::Tensor& loss, bool average) override {
      loss.backward();
      if (!average) return OkStatus();
      for (const at::Tensor& parameter : parameters_) {
        at::Tensor gradient = parameter.grad();
        EOA_RETURN_IF_ERROR(comm_.AllReduceSum(gradient));
        gradient.div_(comm_.size());
      }
      return OkStatus();
    }
    Duration waited() const override { return Duration::zero(); }

   private:
    Member& comm_;
    std::vector<at::Tensor> parameters_;
  };

  void Show(const at::Tensor& tensor) {
    world_.slots_[static_cast<std::size_t>(rank_)] = tensor;
    world_.barrier_.arrive_and_wait();
  }

  ThreadWorld& world_;
  int rank_;
};

void ThreadWorld::Run(const std::function<void(Comm&)>& member) {
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < static_cast<int>(slots_.size()); ++rank) {
    threads.emplace_back([this, rank, &member] {
      Member comm(*this, rank);
      member(comm);
    });
  }
}

}  // namespace eoa::train
